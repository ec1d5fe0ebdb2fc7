// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static io.registryauth.server.doctor.FindingId.CA_DIFFERS;
import static io.registryauth.server.doctor.FindingId.CERTIFICATE_EXPIRED;
import static io.registryauth.server.doctor.FindingId.REALM_NOT_HTTPS;
import static io.registryauth.server.doctor.FindingId.REALM_NO_TOKEN_SERVICE;
import static io.registryauth.server.doctor.FindingId.REALM_UNREACHABLE;
import static io.registryauth.server.doctor.FindingId.SERVICE_DIFFERS;

import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import okhttp3.FormBody;
import okhttp3.HttpUrl;

/** Asks the realm without credentials, by GET and by POST, as clients do. */
final class RealmVisit {
  private static final int OK = 200;
  private static final int BAD_REQUEST = 400;
  private static final int UNAUTHORIZED = 401;
  private static final int TOO_MANY = 429;

  /** After these, clients that begin with POST go on with GET. */
  private static final ImmutableSet<Integer> POST_MAY =
      ImmutableSet.of(200, 400, 401, 404, 405, 429);

  private final Setup setup;
  private final HttpUrl realm;
  private final Http http;
  private final ClockSkew clocks;
  private final Notes notes;

  RealmVisit(Setup setup, HttpUrl realm, Http http, ClockSkew clocks, Notes notes) {
    this.setup = setup;
    this.realm = realm;
    this.http = http;
    this.clocks = clocks;
    this.notes = notes;
  }

  /** Returns the service that the registry has clients ask for. */
  static String service(Setup setup) {
    return setup
        .registryConfig()
        .flatMap(config -> config.text("service"))
        .orElse(setup.tokenServer().service());
  }

  /** Says whether it is a token service for these clients. */
  boolean visit() {
    scheme();
    HttpUrl asked = realm.newBuilder().addQueryParameter("service", service(setup)).build();
    try {
      Http.Answer answer = http.get(asked);
      clocks.check(answer, "the token server", realm.toString(), notes);
      Http.Answer posted =
          http.post(
              realm,
              // Without grant_type: it counts for nobody as an attempt to log in.
              new FormBody.Builder()
                  .add("service", service(setup))
                  .add("client_id", "registry-auth-doctor")
                  .build());
      boolean good = got(answer);
      return good && posted(posted);
    } catch (IOException e) {
      unreached(e);
      return false;
    }
  }

  private void scheme() {
    if (realm.isHttps() || Hosts.isLoopback(realm)) {
      return;
    }
    if (Hosts.isOfACluster(realm)) {
      notes.checked(
          "the realm is plain http inside of the cluster, "
              + realm
              + ": it works with BuildKit; crane, Kaniko and oras refuse it behind an https registry,"
              + " and passwords cross the cluster's network as they are. deploy/ has it by https");
    } else {
      notes.finding(
          REALM_NOT_HTTPS,
          "clients send their passwords to the realm by plain http",
          realm.toString(),
          "serve with --tls-cert and --tls-key, and write the https URL as auth.token.realm; then "
              + Fixes.restart());
    }
  }

  private boolean got(Http.Answer answer) {
    boolean json = !answer.isHtml();
    switch (answer.status()) {
      case OK, UNAUTHORIZED -> {
        if (json) {
          notes.checked("the realm answers as a token service, " + realm);
          return true;
        }
        return none("it answers with HTML, a page for people");
      }
      case BAD_REQUEST -> {
        if (json && answer.body().contains("service")) {
          if (notes.has(Set.of(SERVICE_DIFFERS), "")) {
            return false; // which says it already
          }
          notes.finding(
              SERVICE_DIFFERS,
              "the realm gives no tokens for the service \"%s\" that clients of the registry ask for: %s"
                  .formatted(service(setup), message(answer)),
              realm.toString(),
              Fixes.serveService(service(setup))
                  + ", or change auth.token.service of the registry");
          return false;
        }
        return none("it answers 400 to a request for a token: " + message(answer));
      }
      case TOO_MANY -> {
        notes.notChecked(
            "the realm, " + realm,
            "it has had too many wrong passwords from here; try again later");
        return false;
      }
      default -> {
        return none(
            "it answers %d to a request for a token; valid are 200 and 401"
                .formatted(answer.status()));
      }
    }
  }

  private boolean posted(Http.Answer answer) {
    if (!POST_MAY.contains(answer.status())) {
      return none(
          "it answers %d to a POST, after which containerd and BuildKit give up; valid are 404, 405 and"
                  .formatted(answer.status())
              + " what a token service says");
    }
    if (answer.isHtml() && answer.status() == OK) {
      return none(
          "it answers a POST with HTML, which containerd takes for a token that is damaged");
    }
    return true;
  }

  private boolean none(String problem) {
    notes.finding(
        REALM_NO_TOKEN_SERVICE,
        "the realm is no token service for clients: " + problem,
        realm.toString(),
        "make auth.token.realm the URL of /auth of the token server as clients reach it, and let what"
            + " stands before it (ingress, login page, protection against CSRF) pass GET and POST there");
    return false;
  }

  /** Returns what a registry's error says, for people. */
  private static String message(Http.Answer answer) {
    return answer.body().strip().replaceAll("(?s)(.{300}).*", "$1…");
  }

  private void unreached(IOException e) {
    Optional<Source> ca = setup.ca().filter(source -> source.text().isPresent());
    switch (Unreached.of(e)) {
      case UNKNOWN_HOST -> {
        if (Hosts.isOfACluster(realm)) {
          notes.notChecked(
              "the realm, " + realm,
              Unreached.inTheCluster(setup, "registry-auth 8443:443") + ", and --realm");
        } else {
          unreachable("the host %s is not known here".formatted(realm.host()));
        }
      }
      case UNTRUSTED -> {
        if (ca.isEmpty()) {
          notes.notChecked("the realm, " + realm, Unreached.BY_NONE_THAT_JAVA_KNOWS);
        } else {
          notes.consequence(
              new Finding(
                  CA_DIFFERS,
                  "clients do not trust the realm's certificate: it is not signed by the authority that they"
                      + " have",
                  ca.get().where(),
                  "sign the certificates of registry and realm by one authority (deploy/cert-manager), and"
                      + " give clients that, with one more certificate in the file if there are two"));
        }
      }
      case EXPIRED ->
          notes.finding(
              CERTIFICATE_EXPIRED,
              "the realm's own certificate is not valid now",
              realm.toString(),
              "renew what serve --tls-cert names; it is taken within seconds");
      case OTHER_HOST -> unreachable("its certificate is not for the host " + realm.host());
      case NO_TLS -> unreachable("it speaks plain http, and is named by https");
      case NO_ANSWER -> unreachable("it does not answer (" + e + ")");
    }
  }

  private void unreachable(String problem) {
    notes.finding(
        REALM_UNREACHABLE,
        "clients do not reach the realm: " + problem,
        realm.toString(),
        "make auth.token.realm the URL of /auth of the token server as clients reach it, and see"
            + " whether that runs; then "
            + Fixes.restart());
  }
}
