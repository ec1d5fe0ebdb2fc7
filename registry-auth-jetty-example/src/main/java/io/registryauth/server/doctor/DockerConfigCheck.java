// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.DOCKER_CONFIG_HOST;
import static io.registryauth.server.doctor.FindingId.DOCKER_CONFIG_INVALID;
import static io.registryauth.server.doctor.FindingId.DOCKER_CONFIG_MISSING;
import static io.registryauth.server.doctor.FindingId.USERNAME_DIFFERS;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.registryauth.kubernetes.DockerConfig;
import io.registryauth.kubernetes.DockerConfig.Login;
import io.registryauth.kubernetes.ObjectName;
import java.util.Optional;
import okhttp3.HttpUrl;

/** Do clients find the registry's credentials in their docker config? */
final class DockerConfigCheck implements Check {
  @Override
  public void check(Setup setup, Notes notes) {
    setup.dockerConfig().ifPresent(source -> source(source, setup, notes));
  }

  private static void source(Source source, Setup setup, Notes notes) {
    if (source.unread().isPresent()) {
      notes.notChecked("the docker config, " + source, source.unread().get());
      return;
    }
    if (source.isMissing()) {
      notes.finding(
          DOCKER_CONFIG_MISSING,
          "clients have no docker config: they come without credentials (authorization token required)",
          source.where(),
          create(setup));
      return;
    }
    Optional<JsonObject> auths = auths(source);
    if (auths.isEmpty()) {
      notes.finding(
          DOCKER_CONFIG_INVALID,
          "the docker config is no JSON object with auths",
          source.where(),
          create(setup));
      return;
    }
    notes.checked("the docker config, " + source);
    if (helper(source).isPresent()) {
      notes.notChecked(
          "the docker config's credentials, " + source,
          "clients get them from the helper " + helper(source).get());
      return;
    }
    Optional<String> host = host(setup);
    if (host.isEmpty()) {
      notes.notChecked(
          "whether the docker config has an entry for the registry",
          "its host is not known; name it by --registry URL");
      return;
    }
    if (!auths.get().has(host.get())) {
      noEntry(source, auths.get(), host.get(), setup, notes);
      return;
    }
    entry(source, host.get(), setup, notes);
  }

  private static void entry(Source source, String host, Setup setup, Notes notes) {
    Optional<Login> login = login(setup);
    if (login.isEmpty()) {
      notes.finding(
          DOCKER_CONFIG_INVALID,
          "the entry for %s has no auth that is the Base64 of USER:PASSWORD, or another username or"
                  .formatted(host)
              + " password beside it",
          source.where() + ": auths." + host,
          create(setup) + ", where auth is printf %s USER:PASSWORD | base64 -w0");
      return;
    }
    setup
        .tenant()
        .map(Object::toString)
        .filter(tenant -> !login.get().username().replaceFirst("\\+.*", "").equals(tenant))
        .ifPresent(
            tenant ->
                notes.finding(
                    USERNAME_DIFFERS,
                    "clients log in as \"%s\"; the user name of the tenant is its namespace, \"%s\""
                        .formatted(login.get().username(), tenant),
                    source.where() + ": auths." + host,
                    create(setup)));
  }

  private static void noEntry(
      Source source, JsonObject auths, String host, Setup setup, Notes notes) {
    Optional<String> near = auths.keySet().stream().filter(key -> isNear(key, host)).findFirst();
    notes.finding(
        DOCKER_CONFIG_HOST,
        near.map(
                key ->
                    "the entry is for \"%s\", and clients look for \"%s\", as the image's name has it"
                        .formatted(key, host))
            .orElse(
                "there is no entry for \"%s\", but for %s"
                    .formatted(host, auths.keySet().isEmpty() ? "nobody" : auths.keySet())),
        source.where() + ": auths",
        near.map(
                    key ->
                        "rename the entry %s to %s; or "
                            .formatted(Fixes.word(key), Fixes.word(host)))
                .orElse("")
            + create(setup));
  }

  /** Says whether a key means the host, with a scheme, a path or a port that is not to be there. */
  private static boolean isNear(String key, String host) {
    HttpUrl url = HttpUrl.parse(key.contains("://") ? key : "https://" + key);
    HttpUrl wanted = HttpUrl.parse("https://" + host);
    return url != null && wanted != null && url.host().equals(wanted.host());
  }

  private static String create(Setup setup) {
    Optional<String> host = host(setup);
    if (setup.cluster().isEmpty() && host.isPresent()) {
      return "docker login %s -u %s writes a right one"
          .formatted(Fixes.word(host.get()), setup.tenant().map(Object::toString).orElse("NAME"));
    }
    return Fixes.tenantCreate(
            setup,
            host.filter(ObjectName::isDnsName).map(name -> " --registry-host " + name).orElse(""))
        + " writes a right one";
  }

  private static Optional<JsonObject> auths(Source source) {
    return json(source)
        .flatMap(
            json ->
                json.get("auths") instanceof JsonObject auths
                    ? Optional.of(auths)
                    : Optional.empty());
  }

  private static Optional<JsonObject> json(Source source) {
    try {
      JsonElement root = StrictJson.parse(source.text().orElse(""));
      return root instanceof JsonObject json ? Optional.of(json) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> helper(Source source) {
    return json(source)
        .map(json -> json.get("credsStore"))
        .filter(JsonElement::isJsonPrimitive)
        .map(JsonElement::getAsString);
  }

  /** Returns the registry's host as images name it, if it is known. */
  static Optional<String> host(Setup setup) {
    return setup.registry().map(HttpUrl::parse).map(Hosts::ofImages);
  }

  /** Returns what clients present to the registry, if it is known and makes sense. */
  static Optional<Login> login(Setup setup) {
    return setup
        .dockerConfig()
        .flatMap(Source::text)
        .map(DockerConfig::parse)
        .flatMap(config -> host(setup).flatMap(config::login));
  }
}
