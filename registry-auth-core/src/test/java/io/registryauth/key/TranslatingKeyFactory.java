// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.key;

import java.security.Key;
import java.security.KeyFactorySpi;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.KeySpec;

/** A provider's factory of keys that does nothing but take over a key. */
public abstract class TranslatingKeyFactory extends KeyFactorySpi {
  @Override
  protected abstract Key engineTranslateKey(Key key);

  @Override
  protected final PublicKey engineGeneratePublic(KeySpec specification) {
    throw new UnsupportedOperationException();
  }

  @Override
  protected final PrivateKey engineGeneratePrivate(KeySpec specification) {
    throw new UnsupportedOperationException();
  }

  @Override
  protected final <T extends KeySpec> T engineGetKeySpec(Key key, Class<T> kind) {
    throw new UnsupportedOperationException();
  }
}
