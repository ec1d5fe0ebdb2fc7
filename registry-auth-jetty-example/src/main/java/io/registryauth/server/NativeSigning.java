// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import io.registryauth.key.SigningKey;
import java.security.Security;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has keys sign in native code, by Amazon Corretto Crypto Provider, which does so several times as
 * fast as the JDK. It is there for Linux on x86-64, and needs a temporary folder that it can write
 * and run its library from; where it does not work, or cannot do a kind of key, the JDK signs.
 * Thread-safe.
 */
final class NativeSigning implements UnaryOperator<SigningKey> {
  private static final Logger log = LoggerFactory.getLogger(NativeSigning.class);

  private final Optional<String> provider;

  private NativeSigning(Optional<String> provider) {
    this.provider = provider;
  }

  /** Installs the provider, last of all, so that only who names it gets it; and tests it. */
  static NativeSigning install() {
    String problem = problem();
    if (problem != null) {
      log.warn("Native code does not sign here, the JDK does, more slowly: {}", problem);
      return new NativeSigning(Optional.empty());
    }
    return new NativeSigning(Optional.of(AmazonCorrettoCryptoProvider.PROVIDER_NAME));
  }

  private static @Nullable String problem() {
    try {
      AmazonCorrettoCryptoProvider provider = AmazonCorrettoCryptoProvider.INSTANCE;
      if (provider.getLoadingError() != null) {
        return provider.getLoadingError().toString();
      }
      provider.assertHealthy();
      Security.addProvider(provider);
      return null;
    } catch (RuntimeException | LinkageError e) {
      return e.toString();
    }
  }

  /** Returns the key as it is to sign. */
  @Override
  public SigningKey apply(SigningKey key) {
    try {
      return provider.map(key::withProvider).orElse(key);
    } catch (IllegalArgumentException e) {
      log.info("The JDK signs with the key {}: {}", key.keyId(), e.getMessage());
      return key;
    }
  }
}
