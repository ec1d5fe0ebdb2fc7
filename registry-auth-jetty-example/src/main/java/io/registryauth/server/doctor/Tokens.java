// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.CLOCK_SKEW;
import static io.registryauth.server.doctor.FindingId.PASSWORD_REFUSED;
import static io.registryauth.server.doctor.FindingId.REGISTRY_RESTART;
import static io.registryauth.server.doctor.FindingId.TOKEN_REFUSED;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.registryauth.key.SigningKey;
import io.registryauth.kubernetes.DockerConfig.Login;
import io.registryauth.tenant.AccountName;
import io.registryauth.tenant.NamespaceName;
import java.io.IOException;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import okhttp3.Credentials;
import okhttp3.HttpUrl;

/** Gets a token as a client does, and shows tokens to the registry: without access to anything. */
final class Tokens {
  /** Why a registry refuses a token, too. */
  static final ImmutableSet<FindingId> OF_THE_REGISTRY =
      Sets.immutableEnumSet(EnumSet.range(FindingId.CONFIG_INVALID, FindingId.SIGNING_KEY_DIFFERS));

  /** Why the token server refuses a password, too. */
  private static final ImmutableSet<FindingId> OF_THE_TENANT =
      Sets.immutableEnumSet(
          FindingId.SECRET_MISSING,
          FindingId.SECRET_KEYS,
          FindingId.SECRET_FORBIDDEN,
          FindingId.USERNAME_DIFFERS,
          FindingId.DOCKER_CONFIG_PASSWORD);

  private static final int OK = 200;
  private static final int UNAUTHORIZED = 401;

  private final Setup setup;
  private final Optional<HttpUrl> registry;
  private final Http http;
  private final Supplier<Instant> now;
  private final Notes notes;

  /** Makes one for a registry that asks for tokens, if there is one. */
  Tokens(Setup setup, Optional<HttpUrl> registry, Http http, Supplier<Instant> now, Notes notes) {
    this.setup = setup;
    this.registry = registry.map(RegistryVisit::base);
    this.http = http;
    this.now = now;
    this.notes = notes;
  }

  /** Shows one that the token server's key has signed. */
  void present(SigningKey key) {
    String token = TokenFacts.sign(key, setup.tokenServer());
    present(TokenFacts.of("the token server's tokens", token), token);
  }

  /** Asks the realm with the credentials of the docker config, and shows what it gives. */
  void ask(HttpUrl realm) {
    Optional<Login> login = DockerConfigCheck.login(setup);
    if (login.isEmpty()) {
      return;
    }
    if (!Hosts.isPrivate(realm)) {
      notes.notChecked(
          "whether the realm takes the docker config's password",
          "it is not sent by plain http; run doctor with --realm and a forwarded port");
      return;
    }
    HttpUrl url =
        realm.newBuilder().addQueryParameter("service", RealmVisit.service(setup)).build();
    String basic = Credentials.basic(login.get().username(), login.get().password(), UTF_8);
    try {
      answered(http.get(url, basic), login.get(), realm);
    } catch (IOException e) {
      notes.notChecked("whether the realm takes the docker config's password", e.toString());
    }
  }

  private void answered(Http.Answer answer, Login login, HttpUrl realm) {
    String where = setup.dockerConfig().orElseThrow().where();
    boolean explained =
        setup
            .tenant()
            .filter(tenant -> notes.has(OF_THE_TENANT, "Secret " + tenant + "/"))
            .isPresent();
    if (answer.status() == UNAUTHORIZED && explained) {
      return;
    }
    if (answer.status() == UNAUTHORIZED) {
      notes.finding(
          PASSWORD_REFUSED,
          "the realm refuses the password that clients have for the user \"%s\""
              .formatted(login.username()),
          where,
          rightPassword(login));
      return;
    }
    Optional<String> token = answer.status() == OK ? token(answer) : Optional.empty();
    if (token.isEmpty()) {
      notes.notChecked(
          "whether the realm takes the docker config's password",
          "it answers %d, without a token".formatted(answer.status()));
      return;
    }
    notes.checked("the realm takes the password of " + where + ", " + realm);
    try {
      present(TokenFacts.of("the realm's tokens", token.get()), token.get());
    } catch (IllegalArgumentException e) {
      notes.finding(
          TOKEN_REFUSED,
          "the realm gives what is no token: " + e.getMessage(),
          realm.toString(),
          "make auth.token.realm the URL of /auth of the token server");
    }
  }

  /** The user name is what others have written: it is the name of a Secret only if it can be. */
  private String rightPassword(Login login) {
    Optional<AccountName> account = AccountName.parse(login.username());
    if (account.isEmpty()) {
      return "it is no user name; valid is " + AccountName.VALID;
    }
    NamespaceName namespace = account.get().namespace();
    String write =
        "write the password of the Secret %s-registry-credentials in the namespace %s there"
            .formatted(account.get().name(), namespace);
    return account.get().equals(AccountName.of(namespace))
        ? write
            + "; %s does so for the Secret registry-docker-config"
                .formatted(Fixes.tenantCreate(setup, namespace))
        : write;
  }

  private static Optional<String> token(Http.Answer answer) {
    try {
      return StrictJson.parse(answer.body()) instanceof JsonObject json
              && json.get("token") instanceof JsonPrimitive token
          ? Optional.of(token.getAsString())
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private void present(TokenFacts facts, String token) {
    Notes predicted = new Notes();
    TokenRules.apply(facts, setup, now.get(), predicted);
    predicted.report().findings().forEach(notes::consequence);
    if (registry.isEmpty()) {
      return;
    }
    try {
      shown(facts, http.get(registry.get(), "Bearer " + token), predicted.report());
    } catch (IOException e) {
      notes.notChecked("whether the registry takes " + facts.origin(), e.toString());
    }
  }

  private void shown(TokenFacts facts, Http.Answer answer, Report predicted) {
    String where = registry.orElseThrow().toString();
    if (answer.status() == OK) {
      notes.checked("the registry takes " + facts.origin() + ", " + where);
      return;
    }
    if (!predicted.findings().isEmpty()
        || notes.has(OF_THE_REGISTRY, "")
        || notes.has(Set.of(CLOCK_SKEW), "")) {
      return; // which say why
    }
    if (answer.status() != UNAUTHORIZED) {
      notes.notChecked(
          "whether the registry takes " + facts.origin(),
          "it answers %d, which is no refusal".formatted(answer.status()));
      return;
    }
    boolean known =
        setup.version().isPresent()
            && setup.registryConfig().isPresent()
            && predicted.notChecked().isEmpty();
    String error = Challenge.error(answer);
    String problem =
        "the registry refuses %s (it answers %d%s)"
            .formatted(facts.origin(), answer.status(), error.isEmpty() ? "" : ", error " + error);
    if (known) {
      notes.consequence(
          new Finding(
              REGISTRY_RESTART,
              problem + ", which fit its files as they are now: it has read others when it started",
              where,
              Fixes.restart(setup)));
    } else {
      notes.consequence(
          new Finding(
              TOKEN_REFUSED,
              problem,
              where,
              "give doctor the registry's --registry-config, --registry-version and --jwks as well, to see why;"
                  + " the registry's log says it, too, in the line before \"error authorizing context\""));
    }
  }
}
