// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Strings;
import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.DirectoryCredentialStore;
import io.registryauth.kubernetes.KubernetesCredentialStore;
import io.registryauth.kubernetes.WatchingCredentialStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say where the namespaces' credentials are. */
final class CredentialOptions {
  private static final String KUBERNETES = "kubernetes";
  private static final String DIRECTORY = "directory:";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--credentials",
      paramLabel = "STORE",
      defaultValue = "${env:CREDENTIALS:-kubernetes}",
      description = {
        "Where the namespaces' credentials are: kubernetes, in each namespace the Secret"
            + " <namespace>-registry-credentials, or directory:PATH, with the files"
            + " PATH/<namespace>/username and PATH/<namespace>/password, read for each request.",
        "(CREDENTIALS; default: kubernetes)"
      })
  private String credentials;

  @Option(
      names = "--watch",
      defaultValue = "${env:CREDENTIALS_WATCH:-false}",
      description = {
        "Watch the Secrets of all namespaces: a changed or deleted password counts within a second,"
            + " not after the time of --cache-ttl. Needs the right to list and watch them.",
        "(CREDENTIALS_WATCH; default: false)"
      })
  private boolean watch;

  @Option(
      names = "--cache-ttl",
      paramLabel = "TIME",
      defaultValue = "${env:CREDENTIALS_CACHE_TTL}",
      description = {
        "How long credentials that were read count without being read again, such as 30s: the time"
            + " after which an old password is refused. A new one works at once.",
        "(CREDENTIALS_CACHE_TTL; default: 30s, and no cache for a directory)"
      })
  private @Nullable String cacheTtl;

  @Option(
      names = "--cache-stale",
      paramLabel = "TIME",
      defaultValue = "${env:CREDENTIALS_CACHE_STALE:-5m}",
      description = {
        "How old they may become while the store cannot be read; 0s for no use of old ones.",
        "(CREDENTIALS_CACHE_STALE; default: 5m)"
      })
  private String cacheStale;

  /**
   * Opens the store.
   *
   * @param kubernetes reaches Kubernetes, if that is where the credentials are
   * @param toClose takes what must be closed at the end
   */
  CredentialStore credentialStore(Supplier<ApiClient> kubernetes, Consumer<AutoCloseable> toClose) {
    Duration stale = parse("--cache-stale", cacheStale, OptionValues::duration);
    if (!credentials.equals(KUBERNETES)) {
      if (watch) {
        throw new ParameterException(
            spec.commandLine(),
            "--watch needs --credentials kubernetes; \"" + credentials + "\" cannot be watched");
      }
      CredentialStore directory = parse("--credentials", credentials, CredentialOptions::directory);
      return Strings.isNullOrEmpty(cacheTtl) ? directory : cached(directory, cacheTtl, stale);
    }
    ApiClient client = kubernetes.get();
    CachingCredentialStore lookups =
        cached(
            new KubernetesCredentialStore(client),
            Strings.isNullOrEmpty(cacheTtl) ? "30s" : cacheTtl,
            stale);
    if (!watch) {
      return lookups;
    }
    WatchingCredentialStore watching = WatchingCredentialStore.start(client, lookups);
    toClose.accept(watching);
    return watching;
  }

  private CachingCredentialStore cached(CredentialStore store, String ttl, Duration stale) {
    return CachingCredentialStore.builder(store)
        .freshFor(parse("--cache-ttl", ttl, OptionValues::duration))
        .staleFor(stale)
        .build();
  }

  private static CredentialStore directory(String text) {
    if (!text.startsWith(DIRECTORY) || text.equals(DIRECTORY)) {
      throw new IllegalArgumentException("valid are kubernetes and directory:PATH");
    }
    return new DirectoryCredentialStore(Path.of(text.substring(DIRECTORY.length())));
  }

  private <T> T parse(String option, String text, Function<String, T> parser) {
    return OptionValues.parse(spec, option, text, parser);
  }
}
