// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a registry tells clients to do: {@code Bearer realm="…",service="…"}.
 *
 * @param realm where to get a token
 * @param service what for
 */
record Challenge(String realm, String service) {
  private static final Pattern PARAMETER = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

  static Optional<Challenge> of(Http.Answer answer) {
    return answer.headers().values("WWW-Authenticate").stream()
        .filter(header -> header.regionMatches(true, 0, "Bearer ", 0, "Bearer ".length()))
        .map(header -> new Challenge(parameter(header, "realm"), parameter(header, "service")))
        .findFirst();
  }

  /** Returns the reason that a registry gives for a refusal; empty if it gives none. */
  static String error(Http.Answer answer) {
    return answer.headers().values("WWW-Authenticate").stream()
        .map(header -> parameter(header, "error"))
        .findFirst()
        .orElse("");
  }

  private static String parameter(String header, String name) {
    Matcher matcher = PARAMETER.matcher(header);
    while (matcher.find()) {
      if (matcher.group(1).equals(name)) {
        return matcher.group(2).replaceAll("\\\\(.)", "$1");
      }
    }
    return "";
  }
}
