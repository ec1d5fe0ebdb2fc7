// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A session of a client that is a command. */
abstract class CommandSession implements ClientSession {
  private static final Pattern DIGEST = Pattern.compile("Digest: (sha256:[0-9a-f]{64})");

  protected final Client client;
  protected final String registry;

  CommandSession(Client client, String registry) {
    this.client = client;
    this.registry = registry;
  }

  @Override
  public void remember(Tenant tenant) throws IOException {
    client.remember(registry, tenant);
  }

  @Override
  public void rememberIdentityToken(String user, String token) throws IOException {
    client.rememberIdentityToken(registry, user, token);
  }

  String image(String repository) {
    return registry + "/" + repository + ":" + TAG;
  }

  /** Returns the digest that a command has printed. */
  static String digest(Completed pulled) {
    pulled.orFail();
    Matcher digest = DIGEST.matcher(pulled.output());
    if (!digest.find()) {
      throw new AssertionError("No digest: " + pulled);
    }
    return digest.group(1);
  }

  /** Returns the digest of the one image in the {@code index.json} of an OCI layout. */
  static String digest(String index) {
    return (String) Json.objects(Json.object(index).get("manifests")).get(0).get("digest");
  }
}
