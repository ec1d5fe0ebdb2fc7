// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;

/**
 * A client with a home of its own, at one registry. Repositories are named without the registry's
 * address; every image has the tag {@link #TAG}.
 */
interface ClientSession extends AutoCloseable {
  /** A tag that is also a version of a chart. */
  String TAG = "1.0.0";

  /** Logs in by the client's own command. */
  default Completed login(Tenant tenant) throws IOException, InterruptedException {
    throw new UnsupportedOperationException("no login");
  }

  /** Gives the client a password without its login, and without asking the server. */
  void remember(Tenant tenant) throws IOException;

  /** Gives the client an identity token, and no password. */
  void rememberIdentityToken(String user, String token) throws IOException;

  /** Pushes an image, or what the client has in its place, that no registry has yet. */
  Completed push(String repository) throws IOException, InterruptedException;

  /** Pulls an image, and returns the digest of the manifest that the client has got. */
  String pull(String repository) throws IOException, InterruptedException;

  /** Pushes to a repository what is in another one. */
  default Completed copy(String from, String to) throws IOException, InterruptedException {
    throw new UnsupportedOperationException("no copy");
  }

  /** Deletes an image, of which the registry says this digest. */
  default Completed delete(String repository, String digest)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException("no delete");
  }

  @Override
  default void close() {}
}
