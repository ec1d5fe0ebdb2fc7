// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.DOCKER_CONFIG_HOST;
import static io.registryauth.server.doctor.FindingId.DOCKER_CONFIG_INVALID;
import static io.registryauth.server.doctor.FindingId.DOCKER_CONFIG_MISSING;
import static io.registryauth.server.doctor.FindingId.USERNAME_DIFFERS;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
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
    Optional<String> host = host(setup);
    Optional<JsonObject> json = json(source);
    Optional<String> helper = json.flatMap(config -> helper(config, host));
    Optional<JsonObject> auths = json.flatMap(DockerConfigCheck::auths);
    if (helper.isEmpty() && auths.isEmpty()) {
      notes.finding(
          DOCKER_CONFIG_INVALID,
          "the docker config is no JSON object with auths",
          source.where(),
          create(setup));
      return;
    }
    notes.checked("the docker config, " + source);
    if (helper.isPresent()) {
      notes.notChecked(
          "the docker config's credentials, " + source,
          "clients get them from the helper " + helper.get());
      return;
    }
    if (host.isEmpty()) {
      notes.notChecked(
          "whether the docker config has an entry for the registry",
          "its host is not known; name it by --registry URL");
      return;
    }
    Optional<String> key = key(auths.orElseThrow(), host.get());
    if (key.isEmpty()) {
      noEntry(source, auths.get(), host.get(), setup, notes);
    } else if (hasIdentityToken(auths.get(), key.get())) {
      notes.notChecked(
          "the docker config's credentials, " + source,
          "the entry for %s has an identity token in the place of a password"
              .formatted(host.get()));
    } else {
      entry(source, key.get(), setup, notes);
    }
  }

  private static void entry(Source source, String key, Setup setup, Notes notes) {
    Optional<Login> login = login(setup);
    if (login.isEmpty()) {
      notes.finding(
          DOCKER_CONFIG_INVALID,
          "the entry for %s has no auth that is the Base64 of USER:PASSWORD, or another username or"
                  .formatted(key)
              + " password beside it",
          source.where() + ": auths." + key,
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
                    source.where() + ": auths." + key,
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

  /** Says whether a key means the host, with a port that is not to be there, or without one. */
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

  /** Returns the entries; none is no fault where other hosts have helpers. */
  private static Optional<JsonObject> auths(JsonObject json) {
    return json.get("auths") instanceof JsonObject auths
        ? Optional.of(auths)
        : Optional.of(new JsonObject())
            .filter(none -> !json.has("auths") && json.has("credHelpers"));
  }

  private static Optional<JsonObject> json(Source source) {
    try {
      JsonElement root = StrictJson.parse(source.text().orElse(""));
      return root instanceof JsonObject json ? Optional.of(json) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Returns the program that has the credentials for a host, before any entry in the file. */
  private static Optional<String> helper(JsonObject json, Optional<String> host) {
    JsonObject ofHosts =
        json.get("credHelpers") instanceof JsonObject helpers ? helpers : new JsonObject();
    return host.map(ofHosts::get)
        .or(() -> Optional.ofNullable(json.get("credsStore")))
        .filter(JsonElement::isJsonPrimitive)
        .map(JsonElement::getAsString)
        .filter(name -> !name.isEmpty());
  }

  /** Returns the key whose entry clients take: the host's own, or one that they shorten to it. */
  private static Optional<String> key(JsonObject auths, String host) {
    return auths.has(host)
        ? Optional.of(host)
        : auths.keySet().stream().filter(key -> hostname(key).equals(host)).findFirst();
  }

  /** Shortens a key as Docker's ConvertToHostname does: scheme and path go, a port stays. */
  private static String hostname(String key) {
    return key.replaceFirst("^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*@)?", "")
        .replaceFirst("[/?#].*", "");
  }

  private static boolean hasIdentityToken(JsonObject auths, String key) {
    return auths.get(key) instanceof JsonObject entry
        && entry.get("identitytoken") instanceof JsonPrimitive token
        && !token.getAsString().isEmpty();
  }

  /** Returns the registry's host as images name it, if it is known. */
  static Optional<String> host(Setup setup) {
    return setup.registry().map(HttpUrl::parse).map(Hosts::ofImages);
  }

  /** Returns what clients present to the registry, if it is known and makes sense. */
  static Optional<Login> login(Setup setup) {
    Optional<String> host = host(setup);
    Optional<JsonObject> json = setup.dockerConfig().flatMap(DockerConfigCheck::json);
    if (host.isEmpty() || json.flatMap(config -> helper(config, host)).isPresent()) {
      return Optional.empty();
    }
    return json.flatMap(DockerConfigCheck::auths)
        .flatMap(auths -> key(auths, host.get()).filter(found -> !hasIdentityToken(auths, found)))
        .flatMap(key -> DockerConfig.parse(json.get().toString()).login(key));
  }
}
