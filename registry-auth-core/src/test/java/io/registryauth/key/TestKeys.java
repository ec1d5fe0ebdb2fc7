// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;

/** The throwaway keys and certificates of {@code src/test/resources/keys}. */
public final class TestKeys {
  private static final SigningKey SIGNING_KEY =
      SigningKey.fromPem(
          pem("rsa-2048.pkcs8.key"),
          pem("rsa-2048.crt"),
          KeyIdStyle.fixed(KeyIdStyle.DEFAULT_KEY_ID));

  private TestKeys() {}

  /** Returns a key of 2048 bits with its certificate and the key id that is used by default. */
  public static SigningKey signingKey() {
    return SIGNING_KEY;
  }

  /** Returns the text of a PEM file. */
  public static String pem(String file) {
    try (InputStream in = TestKeys.class.getResourceAsStream("/keys/" + file)) {
      return new String(Objects.requireNonNull(in, file).readAllBytes(), US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
