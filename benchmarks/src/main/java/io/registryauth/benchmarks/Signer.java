// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.benchmarks;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Security;
import java.util.HashMap;
import java.util.Map;

/** A kind of key, and what signs with it: the JDK, or native code as in the server. */
public enum Signer {
  RSA4096_JDK("RSA", 4096, false),
  RSA4096_NATIVE("RSA", 4096, true),
  RSA2048_JDK("RSA", 2048, false),
  RSA2048_NATIVE("RSA", 2048, true),
  ES256_JDK("EC", 256, false),
  ES256_NATIVE("EC", 256, true),
  ED25519_JDK("Ed25519", 255, false);

  private static final Map<String, KeyPair> PAIRS = new HashMap<>();

  private final String keys;
  private final int bits;
  private final boolean isNative;

  Signer(String keys, int bits, boolean isNative) {
    this.keys = keys;
    this.bits = bits;
    this.isNative = isNative;
  }

  /** Returns whether it can sign on this machine. */
  boolean isAvailable() {
    return !isNative || AmazonCorrettoCryptoProvider.INSTANCE.getLoadingError() == null;
  }

  /**
   * Returns a key.
   *
   * @throws IllegalArgumentException if it is to be native, and there is no native code here
   */
  SigningKey key() throws GeneralSecurityException {
    KeyPair pair = pair(keys, bits);
    SigningKey key =
        SigningKey.of(
            pair.getPrivate(), pair.getPublic(), KeyIdStyle.fixed(KeyIdStyle.DEFAULT_KEY_ID));
    if (!isNative) {
      return key;
    }
    // Last of all, as in the server: only who names it gets it.
    Security.addProvider(AmazonCorrettoCryptoProvider.INSTANCE);
    return key.withProvider(AmazonCorrettoCryptoProvider.PROVIDER_NAME);
  }

  /** One for all that run in this JVM: making an RSA key takes seconds. */
  private static synchronized KeyPair pair(String keys, int bits) throws GeneralSecurityException {
    KeyPair pair = PAIRS.get(keys + bits);
    if (pair == null) {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(keys);
      generator.initialize(bits);
      pair = generator.generateKeyPair();
      PAIRS.put(keys + bits, pair);
    }
    return pair;
  }
}
