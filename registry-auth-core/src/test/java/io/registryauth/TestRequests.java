// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Base64;

/** Token requests as clients send them. */
final class TestRequests {
  private TestRequests() {}

  static TokenRequest anonymous(String query) {
    return TokenRequest.builder().query(query).build();
  }

  static TokenRequest withBasic(String username, String password, String query) {
    return TokenRequest.builder().query(query).authorization(basic(username, password)).build();
  }

  static String basic(String username, String password) {
    byte[] credentials = (username + ":" + password).getBytes(UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(credentials);
  }
}
