// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.token;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.key.KeyIdStyle;
import io.registryauth.key.SigningKey;
import io.registryauth.key.TestKeys;
import io.registryauth.key.TranslatingKeyFactory;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.Key;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.security.Signature;
import java.security.SignatureException;
import java.security.SignatureSpi;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A private key that signs and shows no number, as one of a device that it never leaves. */
class KeyInADeviceTest {
  private final Provider device = new Device();

  /** What a program has of the key: a name for it. */
  private static final class Handle implements PrivateKey {
    private static final long serialVersionUID = 1L;

    @Override
    public String getAlgorithm() {
      return "RSA";
    }

    @Override
    public String getFormat() {
      return null;
    }

    @Override
    public byte[] getEncoded() {
      return null;
    }
  }

  private static final class Device extends Provider {
    private static final long serialVersionUID = 1L;

    Device() {
      super("Device", "1", "signs with a key that it keeps");
      put("Signature.SHA256withRSA", Signer.class.getName());
      put("Signature.SHA256withRSA SupportedKeyClasses", Handle.class.getName());
      put("KeyFactory.RSA", Import.class.getName());
    }
  }

  /** Takes a key into the device; made by reflection. */
  public static final class Import extends TranslatingKeyFactory {
    /** For the provider. */
    public Import() {}

    @Override
    protected Key engineTranslateKey(Key key) {
      return new Handle();
    }
  }

  /** Signs by the key of the tests; made by reflection. */
  public static final class Signer extends SignatureSpi {
    private final Signature inside;

    /** For the provider. */
    public Signer() throws GeneralSecurityException {
      inside = Signature.getInstance("SHA256withRSA", "SunRsaSign");
    }

    @Override
    protected void engineInitSign(PrivateKey key) throws InvalidKeyException {
      inside.initSign(TestKeys.signingKey().privateKey());
    }

    @Override
    protected void engineUpdate(byte one) throws SignatureException {
      inside.update(one);
    }

    @Override
    protected void engineUpdate(byte[] bytes, int offset, int length) throws SignatureException {
      inside.update(bytes, offset, length);
    }

    @Override
    protected byte[] engineSign() throws SignatureException {
      return inside.sign();
    }

    @Override
    protected void engineInitVerify(PublicKey key) throws InvalidKeyException {
      throw new InvalidKeyException("The device only signs");
    }

    @Override
    protected boolean engineVerify(byte[] signature) throws SignatureException {
      throw new SignatureException("The device only signs");
    }

    @Override
    @SuppressWarnings("deprecation")
    protected void engineSetParameter(String name, Object value) {
      throw new UnsupportedOperationException(name);
    }

    @Override
    @SuppressWarnings("deprecation")
    protected Object engineGetParameter(String name) {
      throw new UnsupportedOperationException(name);
    }
  }

  @BeforeEach
  void plugIn() {
    Security.addProvider(device);
  }

  @AfterEach
  void takeOut() {
    Security.removeProvider(device.getName());
  }

  private static SigningKey key() {
    return SigningKey.of(
        new Handle(),
        TestKeys.signingKey().verificationKey().publicKey(),
        KeyIdStyle.fixed("device"));
  }

  @Test
  void issuer_signsWithIt() {
    IssuedToken token =
        TokenIssuer.builder(key()).build().issue(new Grant("team", "docker-registry", List.of()));

    assertThat(token.keyId()).isEqualTo("device");
  }

  /** Else another server with the key, and this one without the provider, would refuse them. */
  @Test
  void keyThatIsImported_derivesTheSecretOfBefore() {
    SigningKey key = TestKeys.signingKey();
    SigningKey imported = key.withProvider(device.getName());

    assertThat(imported.privateKey()).isInstanceOf(Handle.class);
    assertThat(imported.deriveSecret("label")).isEqualTo(key.deriveSecret("label"));
    assertThat(imported.withProvider("SunRsaSign").provider()).contains("SunRsaSign");
  }

  @Test
  void refreshTokens_cannotDeriveASecretFromIt_andSaySo() {
    RefreshTokens.Builder builder = RefreshTokens.builder(key(), new InMemoryCredentialStore());

    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage("The private key device shows no number to derive a secret from");
  }
}
