// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedProxiesTest {
  private static final TrustedProxies PROXIES =
      TrustedProxies.parse("10.0.0.0/8, 192.168.1.1,fd00::/8,::1");

  private static InetAddress client(String peer, String... forwardedFor) {
    return PROXIES.client(InetAddresses.forString(peer), List.of(forwardedFor));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          10.1.2.3    | 192.0.2.7                          | 192.0.2.7
          192.168.1.1 | 192.0.2.7                          | 192.0.2.7
          ::1         | 192.0.2.7                          | 192.0.2.7
          fd00::1     | 2001:db8::7                        | 2001:db8::7
          10.1.2.3    | 192.0.2.7:4711                     | 192.0.2.7
          10.1.2.3    | [2001:db8::7]:4711                 | 2001:db8::7
          10.1.2.3    | [2001:db8::7]                      | 2001:db8::7
          10.1.2.3    | ::ffff:192.0.2.7                   | 192.0.2.7
          10.1.2.3    | 192.0.2.7, 10.9.9.9 ,  fd00::2     | 192.0.2.7
          10.1.2.3    | 10.9.9.9,10.8.8.8                  | 10.9.9.9
          """)
  void client_ofATrustedPeer_isTheRightmostThatIsNoProxy(
      String peer, String forwardedFor, String client) {
    assertThat(client(peer, forwardedFor)).isEqualTo(InetAddresses.forString(client));
  }

  @Test
  void client_ofSeveralLines_isFoundAsInOne() {
    assertThat(client("10.1.2.3", "198.51.100.1", "192.0.2.7, 10.4.4.4", "10.5.5.5"))
        .isEqualTo(InetAddresses.forString("192.0.2.7"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"192.0.2.9", "192.168.1.2", "2001:db8::1", "11.0.0.0", "::2"})
  void attack_peerThatIsNotTrusted_isTheClientWhateverItSays(String peer) {
    assertThat(client(peer, "10.0.0.1, 127.0.0.1")).isEqualTo(InetAddresses.forString(peer));
  }

  @Test
  void attack_addressesThatTheClientWroteItself_areLeftOfItsOwn() {
    assertThat(client("10.1.2.3", "203.0.113.1, 10.0.0.1, 192.0.2.7"))
        .isEqualTo(InetAddresses.forString("192.0.2.7"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "unknown",
        "localhost",
        "192.0.2.7.example",
        "192.0.2",
        "3221225991",
        "fe80::1%lo",
        "[::1",
        "192.0.2.7:port",
        "192.0.2.7 192.0.2.8",
        "\"192.0.2.7\""
      })
  void attack_entryThatIsNoAddress_endsTheSearch(String entry) {
    assertThat(client("10.1.2.3", "203.0.113.1, " + entry + ", 10.9.9.9"))
        .isEqualTo(InetAddresses.forString("10.9.9.9"));
    assertThat(client("10.1.2.3", entry)).isEqualTo(InetAddresses.forString("10.1.2.3"));
  }

  @Test
  void client_withoutTheHeader_isThePeer() {
    assertThat(client("10.1.2.3")).isEqualTo(InetAddresses.forString("10.1.2.3"));
  }

  @Test
  void none_trustsNobody() {
    InetAddress peer = InetAddresses.forString("127.0.0.1");

    assertThat(TrustedProxies.NONE.client(peer, List.of("192.0.2.7"))).isEqualTo(peer);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "proxy.example",
        "10.0.0.0/33",
        "fd00::/129",
        "10.0.0.0/-1",
        "10.0.0.0/",
        "10.0.0.0/8/8",
        "10.0.0.1/8",
        "10.0.0-1",
        "10",
        "10.",
        "fe80::1%lo",
        "10.0.0.0/8;fd00::/8"
      })
  void parse_whatIsNoNetwork_saysWhatIsValid(String text) {
    assertThatThrownBy(() -> TrustedProxies.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("such as 10.0.0.0/8");
  }
}
