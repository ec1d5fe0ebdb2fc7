// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.net.HostAndPort;
import java.util.Optional;

/**
 * Where the server listens for clients, how it serves TLS there, if it does, and which proxies it
 * believes where clients come from.
 */
record ListenAddress(HostAndPort address, Optional<TlsContext> tls, TrustedProxies proxies) {
  static ListenAddress plain(HostAndPort address) {
    return new ListenAddress(address, Optional.empty(), TrustedProxies.NONE);
  }
}
