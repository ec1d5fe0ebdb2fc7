// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a server's audit log has of token requests since a moment. */
final class AuditTrail {
  private static final Pattern FIELD = Pattern.compile(" ([a-z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

  private final TokenServer server;
  private final int before;

  private AuditTrail(TokenServer server) {
    this.server = server;
    this.before = all(server).size();
  }

  /** Begins now. */
  static AuditTrail of(TokenServer server) {
    return new AuditTrail(server);
  }

  /** Returns the fields of each request. */
  List<Map<String, String>> requests() {
    List<Map<String, String>> all = all(server);
    return all.subList(before, all.size());
  }

  private static List<Map<String, String>> all(TokenServer server) {
    return server
        .log()
        .lines()
        .filter(line -> line.contains(" audit token "))
        .map(AuditTrail::fields)
        .toList();
  }

  private static Map<String, String> fields(String line) {
    Map<String, String> fields = new HashMap<>();
    Matcher field = FIELD.matcher(line);
    while (field.find()) {
      fields.put(field.group(1), field.group(2));
    }
    return fields;
  }
}
