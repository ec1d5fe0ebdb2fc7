// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.registryauth.tenant.NamespaceName;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Remembers what another store answered, so that a request seldom waits for it and an outage of it
 * does not stop builds. What it promises, with the default times:
 *
 * <table>
 * <caption>What a client finds</caption>
 * <tr><th>event</th><th>effect</th></tr>
 * <tr><td>a new password is stored</td><td>it works at once: a copy that does not satisfy the request
 * is read again, at most once per namespace in 2 s</td></tr>
 * <tr><td>a password is replaced or deleted</td><td>it is refused after 30 s at the latest</td></tr>
 * <tr><td>the store fails</td><td>good credentials work from the copy until it is 5 min old; then,
 * and for all that the copy does not accept, {@link CredentialStoreException}</td></tr>
 * <tr><td>a namespace has no credentials</td><td>that is remembered for 10 s and never served
 * beyond</td></tr>
 * <tr><td>many requests at once</td><td>one read per namespace at a time; the others wait for it, 5 s
 * at the most</td></tr>
 * </table>
 *
 * <p>After a read that failed, or that others waited for in vain, the namespace is not read for 2
 * s. A wrong password makes a known namespace be read again after 2 s and a name without
 * credentials after 10 s: who measures how long an answer takes may tell one from the other if
 * reading is slow.
 *
 * <p>Time is that of a ticker, so a clock that is set does no harm. Thread-safe.
 */
public final class CachingCredentialStore implements CredentialStore {
  private final CredentialStore delegate;
  private final long freshNanos;
  private final long staleNanos;
  private final long negativeNanos;
  private final long rereadNanos;
  private final long waitNanos;
  private final LongSupplier ticker;
  // Apart, so that a flood of unknown names cannot push out the tenants.
  private final Cache<NamespaceName, Entry> known;
  private final Cache<NamespaceName, Entry> unknown;
  // When the last read of a namespace failed, whether or not there is a copy.
  private final Cache<NamespaceName, Long> failures;
  private final ConcurrentMap<NamespaceName, CompletableFuture<Entry>> reads =
      new ConcurrentHashMap<>();

  /**
   * What was read, and when; never changed.
   *
   * @param readAt when the read that brought this began
   * @param rereadAt when a copy that did not satisfy was last read again
   */
  private record Entry(Optional<StoredCredentials> found, long readAt, OptionalLong rereadAt) {}

  private CachingCredentialStore(Builder builder) {
    delegate = builder.delegate;
    freshNanos = builder.fresh.toNanos();
    staleNanos = builder.stale.toNanos();
    negativeNanos = builder.negative.toNanos();
    rereadNanos = builder.reread.toNanos();
    waitNanos = builder.wait.toNanos();
    ticker = builder.ticker;
    known = cache(builder.maxNamespaces, longer(builder.fresh, builder.stale));
    unknown = cache(builder.maxUnknownNamespaces, builder.negative);
    failures = cache(builder.maxNamespaces, longer(builder.reread, builder.negative));
  }

  private static <V> Cache<NamespaceName, V> cache(long maxEntries, Duration time) {
    // Expiry here only frees memory: ages are judged by the entries' own times.
    return CacheBuilder.newBuilder().maximumSize(maxEntries).expireAfterWrite(time).build();
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  /** Starts to build a cache in front of a store. */
  public static Builder builder(CredentialStore delegate) {
    return new Builder(delegate);
  }

  @Override
  public Optional<StoredCredentials> find(CredentialLookup lookup) {
    long arrived = ticker.getAsLong();
    while (true) {
      Entry held = held(lookup.namespace());
      long now = ticker.getAsLong();
      boolean accepted = held != null && held.found().filter(lookup.accepted()).isPresent();
      if (held != null && answers(held, accepted, now)) {
        return held.found();
      }
      Entry usable = held != null && accepted && now - held.readAt() < staleNanos ? held : null;
      if (within(rereadNanos, lastFailure(lookup.namespace()), now)) {
        if (usable != null) {
          return usable.found();
        }
        throw new CredentialStoreException(
            "The credentials of " + lookup.namespace() + " could not be read a moment ago");
      }
      try {
        CompletableFuture<Entry> mine = new CompletableFuture<>();
        CompletableFuture<Entry> others = reads.putIfAbsent(lookup.namespace(), mine);
        if (others == null) {
          Optional<Entry> read = readUnlessReplaced(lookup, held, mine);
          if (read.isPresent()) {
            return read.get().found();
          }
        } else {
          Entry read = await(lookup.namespace(), others, arrived + waitNanos);
          // One that began before this request may lack what was stored in between.
          if (read.readAt() - arrived > 0) {
            return read.found();
          }
        }
      } catch (CredentialStoreException e) {
        if (usable != null) {
          return usable.found();
        }
        throw e;
      }
    }
  }

  private @Nullable Entry held(NamespaceName namespace) {
    Entry entry = known.getIfPresent(namespace);
    return entry != null ? entry : unknown.getIfPresent(namespace);
  }

  private OptionalLong lastFailure(NamespaceName namespace) {
    Long failedAt = failures.getIfPresent(namespace);
    return failedAt == null ? OptionalLong.empty() : OptionalLong.of(failedAt);
  }

  /** Whether a copy is the answer, with no need to read again. */
  private boolean answers(Entry held, boolean accepted, long now) {
    long age = now - held.readAt();
    if (held.found().isEmpty()) {
      return age < negativeNanos;
    }
    return age < freshNanos && (accepted || within(rereadNanos, held.rereadAt(), now));
  }

  private static boolean within(long nanos, OptionalLong since, long now) {
    return since.isPresent() && now - since.getAsLong() < nanos;
  }

  /** Reads and remembers, unless another has done so since {@code held} was looked at. */
  private Optional<Entry> readUnlessReplaced(
      CredentialLookup lookup, @Nullable Entry held, CompletableFuture<Entry> mine) {
    NamespaceName namespace = lookup.namespace();
    try {
      Entry current = held(namespace);
      if (current != null && !current.equals(held)) {
        mine.complete(current);
        return Optional.empty();
      }
      Entry read = read(lookup, held);
      remember(namespace, read);
      mine.complete(read);
      return Optional.of(read);
    } catch (RuntimeException e) {
      CredentialStoreException cannotTell =
          e instanceof CredentialStoreException already
              ? already
              : new CredentialStoreException("Reading the credentials of " + namespace, e);
      failures.put(namespace, ticker.getAsLong());
      mine.completeExceptionally(cannotTell);
      throw cannotTell;
    } finally {
      mine.cancel(false); // of effect only after an Error, which must not leave others waiting
      reads.remove(namespace, mine);
    }
  }

  private Entry read(CredentialLookup lookup, @Nullable Entry held) {
    long now = ticker.getAsLong();
    boolean reread = held != null && held.found().isPresent() && now - held.readAt() < freshNanos;
    OptionalLong rereadBefore = held == null ? OptionalLong.empty() : held.rereadAt();
    return new Entry(delegate.find(lookup), now, reread ? OptionalLong.of(now) : rereadBefore);
  }

  private void remember(NamespaceName namespace, Entry entry) {
    if (entry.found().isPresent()) {
      known.put(namespace, entry);
      unknown.invalidate(namespace);
    } else {
      unknown.put(namespace, entry);
      known.invalidate(namespace);
    }
  }

  private Entry await(NamespaceName namespace, CompletableFuture<Entry> read, long deadline) {
    try {
      return read.get(deadline - ticker.getAsLong(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      // A store that hangs has failed: later requests must not wait for it, too.
      failures.put(namespace, ticker.getAsLong());
      throw new CredentialStoreException("Waiting for the credentials of " + namespace, e);
    } catch (ExecutionException | CancellationException e) {
      throw new CredentialStoreException("Waiting for the credentials of " + namespace, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CredentialStoreException("Waiting for the credentials of " + namespace, e);
    }
  }

  /** Builds a {@link CachingCredentialStore}. Not thread-safe. */
  public static final class Builder {
    private final CredentialStore delegate;
    private Duration fresh = Duration.ofSeconds(30);
    private Duration stale = Duration.ofMinutes(5);
    private Duration negative = Duration.ofSeconds(10);
    private Duration reread = Duration.ofSeconds(2);
    private Duration wait = Duration.ofSeconds(5);
    private long maxNamespaces = 200_000;
    private long maxUnknownNamespaces = 10_000;
    private LongSupplier ticker = System::nanoTime;

    private Builder(CredentialStore delegate) {
      this.delegate = delegate;
    }

    /** Sets how long a copy answers by itself: the time after which an old password is refused. */
    @CanIgnoreReturnValue
    public Builder freshFor(Duration time) {
      fresh = checkNotNegative("freshFor", time);
      return this;
    }

    /** Sets how old a copy may become while the store fails; zero for no use of old copies. */
    @CanIgnoreReturnValue
    public Builder staleFor(Duration time) {
      stale = checkNotNegative("staleFor", time);
      return this;
    }

    /** Sets how long it is remembered that a namespace has no credentials. */
    @CanIgnoreReturnValue
    public Builder negativeFor(Duration time) {
      negative = checkNotNegative("negativeFor", time);
      return this;
    }

    /**
     * Sets the least time between two reads of one namespace for copies that do not satisfy, and
     * between a failed read and the next try.
     */
    @CanIgnoreReturnValue
    public Builder rereadInterval(Duration time) {
      reread = checkNotNegative("rereadInterval", time);
      return this;
    }

    /** Sets how long a request waits for another's read of the same namespace. */
    @CanIgnoreReturnValue
    public Builder maxWait(Duration time) {
      wait = checkNotNegative("maxWait", time);
      return this;
    }

    /** Sets how many namespaces with credentials, and how many without, are remembered. */
    @CanIgnoreReturnValue
    public Builder maxNamespaces(long withCredentials, long without) {
      checkArgument(withCredentials > 0 && without > 0, "maxNamespaces takes positive numbers");
      maxNamespaces = withCredentials;
      maxUnknownNamespaces = without;
      return this;
    }

    /** Sets the source of elapsed time, in nanoseconds from any origin; for tests. */
    @CanIgnoreReturnValue
    public Builder ticker(LongSupplier nanoseconds) {
      ticker = nanoseconds;
      return this;
    }

    /** Makes the store. */
    public CachingCredentialStore build() {
      return new CachingCredentialStore(this);
    }

    private static Duration checkNotNegative(String name, Duration time) {
      checkArgument(!time.isNegative(), "%s is %s; it must not be negative", name, time);
      return time;
    }
  }
}
