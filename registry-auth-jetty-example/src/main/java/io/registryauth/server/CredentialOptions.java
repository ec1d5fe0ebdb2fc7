// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import com.google.common.base.Strings;
import com.google.common.primitives.Ints;
import io.kubernetes.client.openapi.ApiClient;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialStore;
import io.registryauth.credential.CredentialStoreAuthenticator;
import io.registryauth.credential.DirectoryCredentialStore;
import io.registryauth.credential.HtpasswdCredentialStore;
import io.registryauth.kubernetes.KubernetesCredentialStore;
import io.registryauth.kubernetes.WatchingCredentialStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say where the namespaces' credentials are, and how often one may guess. */
final class CredentialOptions {
  private static final String KUBERNETES = "kubernetes";
  private static final String DIRECTORY = "directory:";
  private static final String HTPASSWD = "htpasswd:";

  private static final int MAX_ATTEMPTS = 100_000;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--credentials",
      paramLabel = "STORE",
      defaultValue = "${env:CREDENTIALS:-kubernetes}",
      description = {
        "Where the namespaces' credentials are: kubernetes, in each namespace the Secret"
            + " <namespace>-registry-credentials; directory:PATH, with the files"
            + " PATH/<namespace>/username and PATH/<namespace>/password; or"
            + " htpasswd:FILE, with a line NAMESPACE:BCRYPT-HASH for each, read when it changes.",
        "(CREDENTIALS; default: kubernetes)"
      })
  private String credentials;

  @Option(
      names = "--watch",
      defaultValue = "${env:CREDENTIALS_WATCH:-false}",
      fallbackValue = "true", // else the opposite of what a variable or file says
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
        "(CREDENTIALS_CACHE_TTL; default: 30s, 1s for files)"
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

  @Option(
      names = "--failed-attempts",
      paramLabel = "NUMBER",
      defaultValue = "${env:FAILED_ATTEMPTS:-20}",
      description = {
        "How many wrong passwords a client's address may try for a namespace before it gets 429; as"
            + " many are given back per minute. Passwords that are known good are taken always. 0"
            + " for no limit.",
        "(FAILED_ATTEMPTS; default: 20)"
      })
  private String failedAttempts;

  /** Returns what was given for a store. */
  String store() {
    return credentials;
  }

  /** Makes what looks at credentials. */
  Authenticator authenticator(CredentialStore store) {
    Authenticator authenticator = new CredentialStoreAuthenticator(store);
    int attempts = parse("--failed-attempts", failedAttempts, CredentialOptions::attempts);
    return attempts == 0 ? authenticator : new ThrottlingAuthenticator(authenticator, attempts);
  }

  private static int attempts(String text) {
    Integer attempts = Ints.tryParse(text);
    if (attempts == null || attempts < 0 || attempts > MAX_ATTEMPTS) {
      throw new IllegalArgumentException("valid is a whole number from 0 to " + MAX_ATTEMPTS);
    }
    return attempts;
  }

  /**
   * Opens the store, without asking Kubernetes anything.
   *
   * @param kubernetes reaches Kubernetes, if that is where the credentials are
   * @param background takes what starts the watch, if there is one; before that there is none
   * @param metrics measures the store and the cache in front of it
   */
  CredentialStore credentialStore(
      Supplier<ApiClient> kubernetes,
      Consumer<Supplier<AutoCloseable>> background,
      Metrics metrics) {
    Duration stale = parse("--cache-stale", cacheStale, OptionValues::duration);
    if (!credentials.equals(KUBERNETES)) {
      if (watch) {
        throw new ParameterException(
            spec.commandLine(),
            "--watch needs --credentials kubernetes; \"" + credentials + "\" cannot be watched");
      }
      CredentialStore files =
          metrics.ofCalls(parse("--credentials", credentials, CredentialOptions::files));
      return cached(ofFiles(files), "1s", staleOfFiles(stale), metrics);
    }
    ApiClient client = kubernetes.get();
    CachingCredentialStore lookups =
        cached(
            CachingCredentialStore.builder(metrics.ofCalls(new KubernetesCredentialStore(client))),
            "30s",
            stale,
            metrics);
    if (!watch) {
      return lookups;
    }
    AtomicReference<CredentialStore> store = new AtomicReference<>(lookups);
    background.accept(
        () -> {
          WatchingCredentialStore watching = WatchingCredentialStore.start(client, lookups);
          store.set(watching);
          return watching;
        });
    return lookup -> Objects.requireNonNull(store.get()).find(lookup);
  }

  /** Returns what throws if the store does not answer; files were read when they were opened. */
  Runnable check(Supplier<ApiClient> kubernetes) {
    return credentials.equals(KUBERNETES)
        ? new KubernetesCredentialStore(kubernetes.get())::check
        : () -> {};
  }

  private CachingCredentialStore cached(
      CachingCredentialStore.Builder builder, String defaultTtl, Duration stale, Metrics metrics) {
    String ttl = Strings.isNullOrEmpty(cacheTtl) ? defaultTtl : cacheTtl;
    CachingCredentialStore cache =
        builder.freshFor(parse("--cache-ttl", ttl, OptionValues::duration)).staleFor(stale).build();
    metrics.show(cache);
    return cache;
  }

  /**
   * An htpasswd file that became wrong is so for all: the cache goes on with what was right. What a
   * directory has of one tenant cannot be read for a reason, unless a cache was asked for.
   */
  private Duration staleOfFiles(Duration stale) {
    return credentials.startsWith(DIRECTORY) && Strings.isNullOrEmpty(cacheTtl)
        ? Duration.ZERO
        : stale;
  }

  /** A file is read in a moment: whoever is not good by the copy has it read again, always. */
  private static CachingCredentialStore.Builder ofFiles(CredentialStore files) {
    return CachingCredentialStore.builder(files)
        .negativeFor(Duration.ZERO)
        .rereadInterval(Duration.ZERO)
        .maxReadsPerSecond(Double.MAX_VALUE);
  }

  private static CredentialStore files(String text) {
    if (text.startsWith(DIRECTORY) && !text.equals(DIRECTORY)) {
      return new DirectoryCredentialStore(Path.of(text.substring(DIRECTORY.length())));
    }
    if (text.startsWith(HTPASSWD) && !text.equals(HTPASSWD)) {
      return new HtpasswdCredentialStore(Path.of(text.substring(HTPASSWD.length())));
    }
    throw new IllegalArgumentException("valid are kubernetes, directory:PATH and htpasswd:FILE");
  }

  private <T> T parse(String option, String text, Function<String, T> parser) {
    return OptionValues.parse(spec, option, text, parser);
  }
}
