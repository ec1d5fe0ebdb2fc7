// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Strings;
import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.kubernetes.JwksPublisher;
import io.registryauth.kubernetes.ObjectName;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The option that says where registries read the JWK Set. */
final class PublishOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--publish-jwks",
      paramLabel = "NAMESPACE/NAME",
      defaultValue = "${env:PUBLISH_JWKS}",
      description = {
        "Secret to write the JWK Set to, key jwks.json, at the start and whenever it differs.",
        "(PUBLISH_JWKS; default: none)"
      })
  private @Nullable String publishJwks;

  /** Returns what starts to publish, if asked to; a failure of it stops nothing. */
  Optional<Supplier<AutoCloseable>> publisher(
      Supplier<ApiClient> kubernetes, Supplier<String> jwks) {
    if (Strings.isNullOrEmpty(publishJwks)) {
      return Optional.empty();
    }
    ObjectName secret = OptionValues.parse(spec, "--publish-jwks", publishJwks, ObjectName::parse);
    ApiClient client = kubernetes.get();
    return Optional.of(() -> JwksPublisher.start(client, secret, jwks));
  }
}
