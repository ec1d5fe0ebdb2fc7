// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the parameters of a request must be for it to make sense, whoever sends it. What breaks a
 * rule is a 400, after which containerd and Helm, which come with POST first, try GET.
 */
final class RequestRules {
  /** What counts as true, as in the reference server. */
  static final ImmutableSet<String> TRUE = ImmutableSet.of("1", "t", "T", "true", "True", "TRUE");

  /** The same, and no value, which says nothing. */
  private static final ImmutableSet<String> FALSE =
      ImmutableSet.of("", "0", "f", "F", "false", "False", "FALSE");

  private static final ImmutableList<String> ONCE_IN_A_FORM =
      ImmutableList.of("grant_type", "client_id", "access_type");
  private static final int MAX_QUOTED = 200;

  private final TokenRequest request;
  private final String service;

  private RequestRules(TokenRequest request, String service) {
    this.request = request;
    this.service = service;
  }

  /** Returns the first rule that a request breaks, if any. */
  static Optional<TokenResult.Rejected> broken(TokenRequest request, String service) {
    RequestRules rules = new RequestRules(request, service);
    return rules.service().or(rules::common).or(request.isForm() ? rules::form : rules::query);
  }

  private Optional<TokenResult.Rejected> service() {
    List<String> services = request.parameter("service");
    if (isMissing("service")) {
      return missing("service", "it must be " + service, "service-missing");
    }
    return services.equals(List.of(service))
        ? Optional.empty()
        : refused(
            ErrorCode.UNSUPPORTED_VALUE,
            "The parameter service is " + quoted(services) + "; it must be " + service,
            "service-unknown");
  }

  private Optional<TokenResult.Rejected> common() {
    if (request.authorizations().size() > 1) {
      return refused(
          ErrorCode.UNSUPPORTED_VALUE,
          "There are " + request.authorizations().size() + " Authorization headers; one is valid",
          "authorization-repeated");
    }
    return repeated("account", true);
  }

  private Optional<TokenResult.Rejected> query() {
    List<String> offline = request.parameter("offline_token");
    return offline.stream().allMatch(value -> TRUE.contains(value) || FALSE.contains(value))
        ? Optional.empty()
        : refused(
            ErrorCode.BAD_TOKEN_OPTION,
            "The parameter offline_token is " + quoted(offline) + "; it must be true or false",
            "offline-token-invalid");
  }

  private Optional<TokenResult.Rejected> form() {
    for (String name : ONCE_IN_A_FORM) {
      Optional<TokenResult.Rejected> repeated = repeated(name, true);
      if (repeated.isPresent()) {
        return repeated;
      }
    }
    if (isMissing("grant_type")) {
      return missing("grant_type", "it must be password or refresh_token", "grant-type-missing");
    }
    if (isMissing("client_id")) {
      return missing("client_id", "it may be any name of the client", "client-id-missing");
    }
    List<String> access = request.parameter("access_type");
    if (!Set.of("", "online", "offline").containsAll(access)) {
      return refused(
          ErrorCode.UNSUPPORTED_VALUE,
          "The parameter access_type is " + quoted(access) + "; it must be online or offline",
          "access-type-invalid");
    }
    return switch (request.grantType()) {
      case "password" -> proof("username").or(() -> proof("password"));
      case "refresh_token" -> proof("refresh_token");
      default ->
          refused(
              ErrorCode.UNSUPPORTED_VALUE,
              "The parameter grant_type is "
                  + quoted(request.parameter("grant_type"))
                  + "; it must be password or refresh_token",
              "grant-type-unknown");
    };
  }

  /** What proves who asks is never quoted. */
  private Optional<TokenResult.Rejected> proof(String name) {
    if (request.parameter(name).isEmpty()) {
      String grant = "the grant_type " + request.grantType() + " needs it";
      return missing(name, grant, name.replace('_', '-') + "-missing");
    }
    return repeated(name, false);
  }

  private boolean isMissing(String name) {
    List<String> values = request.parameter(name);
    return values.isEmpty() || values.equals(List.of(""));
  }

  private static Optional<TokenResult.Rejected> missing(String name, String rule, String reason) {
    return refused(
        ErrorCode.MISSING_REQUIRED_FIELD, "The parameter " + name + " is missing; " + rule, reason);
  }

  private Optional<TokenResult.Rejected> repeated(String name, boolean shown) {
    List<String> values = request.parameter(name);
    if (values.size() <= 1) {
      return Optional.empty();
    }
    return refused(
        ErrorCode.UNSUPPORTED_VALUE,
        "The parameter "
            + name
            + (shown ? " is " + quoted(values) : " comes " + values.size() + " times")
            + "; one is valid",
        name.replace('_', '-') + "-repeated");
  }

  private static Optional<TokenResult.Rejected> refused(
      ErrorCode code, String message, String reason) {
    return Optional.of(new TokenResult.Rejected(400, code, message, reason));
  }

  private static String quoted(List<String> values) {
    String text = String.join("\" and \"", values);
    return "\"" + (text.length() > MAX_QUOTED ? text.substring(0, MAX_QUOTED) + "…" : text) + "\"";
  }
}
