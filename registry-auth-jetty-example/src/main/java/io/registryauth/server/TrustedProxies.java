// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Splitter;
import com.google.common.collect.Lists;
import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.InetAddressSet;

/**
 * The proxies whose {@code X-Forwarded-For} is believed. Each proxy adds the address that it was
 * asked from at the right end, so the client is the rightmost address that is not one of these
 * proxies; what stands further left anybody may have written. An entry that is no address ends the
 * search: then it is the last address that was found. Without a trusted peer the header is nothing.
 *
 * <p>Jetty's {@code ForwardedRequestCustomizer} believes everybody, and takes the leftmost.
 */
final class TrustedProxies implements HttpConfiguration.Customizer {
  static final TrustedProxies NONE = new TrustedProxies(List.of());

  private static final String HEADER = "X-Forwarded-For";
  private static final String VALID =
      "valid are IP addresses and networks with commas between, such as 10.0.0.0/8,fd00::/8";

  private final InetAddressSet networks = new InetAddressSet();

  private TrustedProxies(List<String> networks) {
    this.networks.addAll(networks);
  }

  /**
   * Reads addresses and networks in CIDR notation.
   *
   * @throws IllegalArgumentException if there is anything else; the message says what is valid
   */
  static TrustedProxies parse(String text) {
    List<String> networks = Splitter.on(',').trimResults().omitEmptyStrings().splitToList(text);
    networks.forEach(TrustedProxies::check);
    return new TrustedProxies(networks);
  }

  /** Jetty would take host names and ranges too. */
  private static void check(String network) {
    List<String> parts = Splitter.on('/').limit(2).splitToList(network);
    Optional<InetAddress> address = address(parts.get(0));
    if (address.isEmpty() || (parts.size() == 2 && !parts.get(1).matches("\\d{1,3}"))) {
      throw new IllegalArgumentException(VALID);
    }
    try {
      boolean unused = new InetAddressSet().add(network);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "\"" + network + "\" has bits that its mask leaves out, or no such mask; " + VALID, e);
    }
  }

  @Override
  public Request customize(Request request, HttpFields.Mutable responseHeaders) {
    ConnectionMetaData connection = request.getConnectionMetaData();
    if (!(connection.getRemoteSocketAddress() instanceof InetSocketAddress peer)) {
      return request;
    }
    InetAddress client = client(peer.getAddress(), request.getHeaders().getValuesList(HEADER));
    if (client.equals(peer.getAddress())) {
      return request;
    }
    return new Request.Wrapper(request) {
      @Override
      public ConnectionMetaData getConnectionMetaData() {
        return new ConnectionMetaData.Wrapper(connection) {
          @Override
          public SocketAddress getRemoteSocketAddress() {
            return new InetSocketAddress(client, 0);
          }
        };
      }
    };
  }

  /**
   * Finds the client.
   *
   * @param peer who is connected
   * @param forwardedFor the values of the header's lines, in order
   */
  InetAddress client(InetAddress peer, List<String> forwardedFor) {
    InetAddress client = peer;
    if (!networks.test(peer)) {
      return client;
    }
    List<String> entries = Splitter.on(',').splitToList(String.join(",", forwardedFor));
    for (String entry : Lists.reverse(entries)) {
      Optional<InetAddress> next = forwarded(entry.strip());
      if (next.isEmpty()) {
        return client;
      }
      client = next.get();
      if (!networks.test(client)) {
        return client;
      }
    }
    return client;
  }

  /** Some proxies add the port. */
  private static Optional<InetAddress> forwarded(String entry) {
    try {
      return address(HostAndPort.fromString(entry).getHost());
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<InetAddress> address(String text) {
    // Without a zone, which may be looked up.
    return text.indexOf('%') < 0 && InetAddresses.isInetAddress(text)
        ? Optional.of(InetAddresses.forString(text))
        : Optional.empty();
  }
}
