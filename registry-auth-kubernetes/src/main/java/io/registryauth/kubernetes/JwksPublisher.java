// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import com.google.common.collect.ImmutableMap;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.models.V1Secret;
import io.registryauth.kubernetes.ObjectReport.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a server's own keys in the JWK Set that registries read from a Secret, key {@code
 * jwks.json}: adds what is missing, at once, within 5 s when the server's keys have changed, and
 * within 3 minutes when the Secret has; replaces what has the same key id, once; and takes a key
 * out that it published and that is no longer the server's. What {@link KeySecret} has taken out it
 * does not put back, even if this server has it still. Keys of others stay: of another replica, or
 * one that is there before its time; to remove those is the part of {@link KeySecret} and {@link
 * RegistryBootstrap}. Only what is no JWK Set is replaced as a whole, with a warning. A failure is
 * logged and tried again, after 1 s at first and 1 min at the most; it stops nothing else.
 *
 * <p>Needs the rights {@code get}, {@code patch} and, if the Secret is not there, {@code create}:
 * it is created by server-side apply, so that all three can be given for its name alone. One thread
 * of its own, a daemon, does all of it.
 */
public final class JwksPublisher implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(JwksPublisher.class);

  /** The entry with the JWK Set. */
  static final String JWKS_KEY = "jwks.json";

  /** The entry with the keys that {@link KeySecret} has taken out of it. */
  static final String WITHDRAWN_KEY = "withdrawn.json";

  /** More than any replica could still have that has not seen its Secret change. */
  static final int MAX_WITHDRAWN = 16;

  private static final Duration CLOSE = Duration.ofSeconds(6);
  private static final int RETRY_FACTOR = 2;

  /** How often to look at the Secret and at the own keys, and how soon to try again. */
  record Pace(Duration check, Duration look, Duration firstRetry, Duration lastRetry) {
    static final Pace DEFAULT =
        new Pace(
            Duration.ofMinutes(3),
            Duration.ofSeconds(5),
            Duration.ofSeconds(1),
            Duration.ofMinutes(1));
  }

  private final KubernetesObjects objects;
  private final ObjectName name;
  private final Supplier<String> jwks;
  private final Pace pace;
  private final CountDownLatch closed = new CountDownLatch(1);

  /** What this one has published, and hence may take out; of its thread alone. */
  private StoredJwks published = StoredJwks.EMPTY;

  /** What it has last tried to publish. */
  private String tried = "";

  private final Thread thread = new Thread(this::run, "jwks-publisher");

  private JwksPublisher(ApiClient client, ObjectName name, Supplier<String> jwks, Pace pace) {
    objects = new KubernetesObjects(client);
    this.name = name;
    this.jwks = jwks;
    this.pace = pace;
    thread.setDaemon(true);
  }

  /**
   * Starts to publish; does not wait for it.
   *
   * @param secret the Secret to write
   * @param jwks returns the JWK Set as JSON; called by the publisher's thread
   */
  public static JwksPublisher start(ApiClient client, ObjectName secret, Supplier<String> jwks) {
    return start(client, secret, jwks, Pace.DEFAULT);
  }

  static JwksPublisher start(
      ApiClient client, ObjectName secret, Supplier<String> jwks, Pace pace) {
    JwksPublisher publisher = new JwksPublisher(client, secret, jwks, pace);
    publisher.thread.start();
    return publisher;
  }

  /** Returns the Secret as it should be. */
  static V1Secret secret(ObjectName name, String jwks) {
    return ManagedObjects.secret(name, "Opaque", ImmutableMap.of(JWKS_KEY, jwks));
  }

  static Optional<StoredJwks> storedJwks(V1Secret secret) {
    return ManagedObjects.text(secret, JWKS_KEY).flatMap(StoredJwks::parse);
  }

  static StoredJwks withdrawn(V1Secret secret) {
    return ManagedObjects.text(secret, WITHDRAWN_KEY)
        .flatMap(StoredJwks::parse)
        .orElse(StoredJwks.EMPTY);
  }

  private void run() {
    Duration retry = pace.firstRetry();
    Duration pause;
    do {
      if (publish()) {
        retry = pace.firstRetry();
        pause = pace.check();
      } else {
        pause = retry;
        Duration longer = retry.multipliedBy(RETRY_FACTOR);
        retry = longer.compareTo(pace.lastRetry()) < 0 ? longer : pace.lastRetry();
      }
    } while (!isClosedWithin(pause));
  }

  private boolean publish() {
    try {
      String own = jwks.get();
      tried = own;
      ObjectReport report = KubernetesObjects.retryOnConflict(() -> publish(own));
      published = StoredJwks.parse(own).orElse(StoredJwks.EMPTY);
      if (report.status() != Status.UNCHANGED) {
        log.info("Published the JWK Set: {}", report);
      }
      return true;
    } catch (IOException | RuntimeException e) {
      if (closed.getCount() > 0) {
        // Without its class, what failed at the API is a whole sentence.
        String problem = String.valueOf(e instanceof IOException ? e.getMessage() : e);
        log.warn("The JWK Set is not published, and will be tried again: {}", problem);
      }
      return false;
    }
  }

  private ObjectReport publish(String own) throws IOException {
    Optional<V1Secret> stored = objects.get(ManagedObjects.secret(name));
    if (stored.isEmpty()) {
      ObjectReport created = objects.createByApply(secret(name, own));
      // Another may have been as fast, with other keys.
      Optional<V1Secret> written = objects.get(ManagedObjects.secret(name));
      if (written.isPresent()) {
        ObjectReport unused = merge(written.get(), own);
      }
      return created;
    }
    return merge(stored.get(), own);
  }

  private ObjectReport merge(V1Secret stored, String own) throws IOException {
    Optional<StoredJwks> set = storedJwks(stored);
    Optional<StoredJwks> ours = StoredJwks.parse(own).map(keys -> allowed(keys, stored));
    if (ManagedObjects.text(stored, JWKS_KEY).isPresent() && set.isEmpty()) {
      log.warn("{} of the Secret {} is no JWK Set, and is replaced", JWKS_KEY, name);
    }
    String wanted = ours.map(StoredJwks::toJson).orElse(own);
    if (set.isPresent() && ours.isPresent()) {
      StoredJwks added = ours.get().withoutSame(replaced(ours.get(), set.get()));
      StoredJwks merged = set.get().with(added).withoutSame(published.without(ours.get()));
      if (merged.equals(set.get())) {
        return KubernetesObjects.report(Status.UNCHANGED, stored);
      }
      wanted = merged.toJson();
    }
    objects.mergeData(stored, ImmutableMap.of(JWKS_KEY, Optional.of(wanted)));
    return KubernetesObjects.report(Status.UPDATED, stored);
  }

  /** Leaves out what was taken out by hand, maybe since it was stolen; this server has it still. */
  private StoredJwks allowed(StoredJwks own, V1Secret stored) {
    StoredJwks allowed = own.withoutSame(withdrawn(stored));
    if (!allowed.equals(own)) {
      log.warn(
          "Not published is {}, which was taken out of the JWK Set: it is in {} of the Secret {}",
          own.withoutSame(allowed).keyIds(),
          WITHDRAWN_KEY,
          name);
    }
    return allowed;
  }

  /**
   * Returns what this one has published before and another has put a key of its own in the place
   * of: two servers that did so in turn would make it a matter of luck what a registry reads.
   */
  private StoredJwks replaced(StoredJwks own, StoredJwks stored) {
    StoredJwks publishedBefore = own.withoutSame(own.withoutSame(published));
    StoredJwks changed = publishedBefore.withoutSame(stored);
    StoredJwks replaced = changed.withoutSame(changed.without(stored));
    if (!replaced.isEmpty()) {
      log.warn(
          "The JWK Set in the Secret {} has another key than this server with the key id {}, and is"
              + " left so: registries refuse the tokens of one of them",
          name,
          replaced.keyIds());
    }
    return replaced;
  }

  /** Waits that long, but not beyond a change of the server's own keys. */
  private boolean isClosedWithin(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    try {
      for (long left = time.toNanos(); left > 0; left = end - System.nanoTime()) {
        if (closed.await(Math.min(left, pace.look().toNanos()), TimeUnit.NANOSECONDS)) {
          return true;
        }
        if (!jwks.get().equals(tried)) {
          return false;
        }
      }
      return closed.getCount() == 0;
    } catch (InterruptedException e) {
      return true; // only close() interrupts
    } catch (RuntimeException e) {
      return false; // to be logged by who asks for the keys next
    }
  }

  /** Stops; waits for a call that is under way, but not beyond its own limit. */
  @Override
  public void close() {
    closed.countDown();
    thread.interrupt();
    try {
      thread.join(CLOSE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
