// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import com.google.common.net.InetAddresses;
import okhttp3.HttpUrl;

/** What the name of a host says of where it is. */
final class Hosts {
  private Hosts() {}

  /** Says whether it is this machine. */
  static boolean isLoopback(HttpUrl url) {
    String host = url.host();
    return host.equals("localhost")
        || host.endsWith(".localhost")
        || (InetAddresses.isInetAddress(host) && InetAddresses.forString(host).isLoopbackAddress());
  }

  /** Says whether what is sent there is seen by nobody else: by https, or within this machine. */
  static boolean isPrivate(HttpUrl url) {
    return url.isHttps() || isLoopback(url);
  }

  /** Returns a URL that somebody else wrote, without the user name and password in it. */
  static String withoutUserinfo(String url) {
    return url.replaceFirst("//[^/?#]*@", "//");
  }

  /** Says whether it is the Service of a cluster, whose name is known inside of that alone. */
  static boolean isOfACluster(HttpUrl url) {
    String host = url.host();
    return host.endsWith(".svc") || host.contains(".svc.") || !host.contains(".");
  }

  /** Returns the host as an image's name has it: with its port, unless that is the default. */
  static String ofImages(HttpUrl url) {
    return url.port() == HttpUrl.defaultPort(url.scheme())
        ? url.host()
        : url.host() + ":" + url.port();
  }
}
