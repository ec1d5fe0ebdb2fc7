// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.concurrent.TimeUnit.SECONDS;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.util.concurrent.RateLimiter;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.registryauth.tenant.AccountName;
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
import java.util.concurrent.atomic.AtomicInteger;
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
 * is read again, at most once per account in 2 s; so it may take 2 s while somebody tries wrong
 * ones</td></tr>
 * <tr><td>a password is replaced or deleted</td><td>it is refused after 30 s at the latest</td></tr>
 * <tr><td>the store fails</td><td>good credentials work from the copy until it is 5 min old; then,
 * and for all that the copy does not accept, {@link CredentialStoreException}</td></tr>
 * <tr><td>an account has no credentials</td><td>that is remembered for 10 s, or 2 s if it had some
 * before, and never served beyond</td></tr>
 * <tr><td>many requests at once</td><td>one read per account at a time; the others wait for it: 1
 * s if they have a copy that accepts them, else 5 s</td></tr>
 * <tr><td>a flood of requests</td><td>of each of three kinds, 32 requests for one namespace and 48 in
 * all may be waiting: those whose copy accepts them, those whose copy does not, and those that find
 * none. Of the last two kinds, 200 reads a second may be in vain; one that brings what the request is
 * accepted by counts as nothing. One more gets {@link CredentialStoreException} at once, or the old
 * copy if it accepts them</td></tr>
 * </table>
 *
 * <p>After a read that failed, or that others waited for in vain, the account is not read for 2 s.
 * A wrong password makes a known account be read again after 2 s and a name without credentials
 * after 10 s: who measures how long an answer takes may tell one from the other if reading is slow.
 *
 * <p>Time is that of a ticker, so a clock that is set does no harm. Thread-safe.
 */
public final class CachingCredentialStore implements CredentialStore {
  private static final long REFRESH_WAIT_NANOS = SECONDS.toNanos(1);
  private static final int TURN_SECONDS = 1;

  private final CredentialStore delegate;
  private final long freshNanos;
  private final long staleNanos;
  private final long negativeNanos;
  private final long rereadNanos;
  private final long waitNanos;
  private final LongSupplier ticker;
  // Apart, so that a flood of unknown names cannot push out the tenants.
  private final Cache<AccountName, Entry> known;
  private final Cache<AccountName, Entry> unknown;
  // When the last read of an account failed, whether or not there is a copy.
  private final Cache<AccountName, Long> failures;
  private final ConcurrentMap<AccountName, CompletableFuture<Entry>> reads =
      new ConcurrentHashMap<>();
  // For requests whose copy accepts them; whose copy does not; and that find no copy. Apart, so
  // that none stands in line behind another kind: anybody can send names that nobody has, without
  // end. The places are counted for a namespace, which anybody can give accounts that it has not.
  private final Lane refreshes;
  private final Lane rereads;
  private final Lane newcomers;
  private final CacheCounters counters = new CacheCounters();

  /**
   * What was read, and when; never changed.
   *
   * @param readAt when the read that brought this began
   * @param rereadAt when a copy that did not satisfy was last read again, in vain
   * @param gone whether credentials were there the time before, and no longer are
   */
  private record Entry(
      Optional<StoredCredentials> found, long readAt, OptionalLong rereadAt, boolean gone) {}

  /**
   * What requests of a kind that need a read may do.
   *
   * @param unused turns that were given back; all there are, in use or not, are never more than
   *     requests at a time, since a new one is taken only when there is none of these
   */
  private record Lane(
      Bulkhead<NamespaceName> places, RateLimiter reads, AtomicInteger unused, long maxWaitNanos) {
    void awaitTurn() {
      if (unused.getAndUpdate(turns -> Math.max(0, turns - 1)) == 0
          && !reads.tryAcquire(TURN_SECONDS, SECONDS)) {
        throw new CredentialStoreException("Too many credentials are being read");
      }
    }

    /** For a turn without a read, or one that was not in vain: only the others are limited. */
    void giveTurnBack() {
      unused.incrementAndGet();
    }
  }

  /**
   * What a request has waited for.
   *
   * @param ownTurn whether it has had a turn to read for it
   */
  private record Read(Entry entry, boolean ownTurn) {}

  private CachingCredentialStore(Builder builder) {
    delegate = builder.delegate;
    freshNanos = builder.fresh.toNanos();
    staleNanos = builder.stale.toNanos();
    negativeNanos = builder.negative.toNanos();
    rereadNanos = builder.reread.toNanos();
    waitNanos = builder.wait.toNanos();
    ticker = builder.ticker;
    refreshes = builder.lane(Double.MAX_VALUE, Math.min(waitNanos, REFRESH_WAIT_NANOS));
    rereads = builder.lane(builder.maxReadsPerSecond, waitNanos);
    newcomers = builder.lane(builder.maxReadsPerSecond, waitNanos);
    known = cache(builder.maxAccounts, longer(builder.fresh, builder.stale));
    unknown = cache(builder.maxUnknownAccounts, builder.negative);
    failures = cache(builder.maxAccounts, longer(builder.reread, builder.negative));
  }

  private static <V> Cache<AccountName, V> cache(long maxEntries, Duration time) {
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
      Entry held = held(lookup.account());
      long now = ticker.getAsLong();
      boolean accepted = held != null && held.found().filter(lookup.accepted()).isPresent();
      if (held != null && answers(held, accepted, now)) {
        counters.hit(now - held.readAt());
        return held.found();
      }
      Entry usable = held != null && accepted && now - held.readAt() < staleNanos ? held : null;
      Lane lane = usable != null ? refreshes : held != null ? rereads : newcomers;
      try {
        Optional<Read> read = readOrAwait(lookup, held, lane, arrived);
        if (read.isPresent()) {
          Optional<StoredCredentials> found = read.get().entry().found();
          // Not while it has a place: a password's hash may take long.
          if (read.get().ownTurn() && satisfies(lookup, found)) {
            lane.giveTurnBack();
          }
          counters.read();
          return found;
        }
      } catch (CredentialStoreException e) {
        if (usable != null) {
          counters.stale(ticker.getAsLong() - usable.readAt());
          return usable.found();
        }
        counters.failure();
        throw e;
      }
    }
  }

  @Override
  public StoredPassword standIn() {
    return delegate.standIn();
  }

  /**
   * Reads, or waits for who reads already.
   *
   * @return what was read, or empty if it may be older than this request
   */
  private Optional<Read> readOrAwait(
      CredentialLookup lookup, @Nullable Entry held, Lane lane, long arrived) {
    AccountName account = lookup.account();
    if (within(rereadNanos, lastFailure(account), ticker.getAsLong())) {
      throw new CredentialStoreException(
          "The credentials of " + account + " could not be read a moment ago");
    }
    return lane.places()
        .call(
            account.namespace(),
            () -> {
              boolean ownTurn = !reads.containsKey(account);
              if (ownTurn) {
                lane.awaitTurn();
              }
              CompletableFuture<Entry> mine = new CompletableFuture<>();
              CompletableFuture<Entry> others = reads.putIfAbsent(account, mine);
              if (others == null) {
                Optional<Entry> read = readUnlessReplaced(lookup, held, mine);
                if (ownTurn && read.isEmpty()) {
                  lane.giveTurnBack();
                }
                return read.map(entry -> new Read(entry, ownTurn));
              }
              if (ownTurn) {
                lane.giveTurnBack();
              }
              Entry read = await(account, others, arrived + lane.maxWaitNanos());
              // One that began before this request may lack what was stored in between.
              return read.readAt() - arrived > 0
                  ? Optional.of(new Read(read, false))
                  : Optional.empty();
            });
  }

  /**
   * Offers a copy that somebody else has kept; a younger one, or the knowledge that there is none,
   * stays.
   *
   * @param age how long ago the copy was as the store has it
   */
  public void offer(AccountName account, StoredCredentials copy, Duration age) {
    replaceOlder(account, copy, age, true);
  }

  /** Replaces what is remembered of an account, if anything, as {@link #offer} does. */
  public void update(AccountName account, StoredCredentials copy, Duration age) {
    replaceOlder(account, copy, age, false);
  }

  private void replaceOlder(
      AccountName account, StoredCredentials copy, Duration age, boolean evenIfUnheard) {
    long readAt = ticker.getAsLong() - age.toNanos();
    CompletableFuture<Entry> unused =
        reads.compute(
            account,
            (same, underWay) -> {
              Entry held = held(same);
              if (held == null ? evenIfUnheard : held.readAt() - readAt < 0) {
                remember(same, new Entry(Optional.of(copy), readAt, OptionalLong.empty(), false));
              }
              return underWay;
            });
  }

  /**
   * Forgets an account: what is read from now on counts, and no read that has begun already is
   * remembered. For those who learn of a change.
   */
  public void invalidate(AccountName account) {
    CompletableFuture<Entry> unused =
        reads.compute(
            account,
            (same, underWay) -> {
              known.invalidate(same);
              unknown.invalidate(same);
              return null;
            });
  }

  /** Forgets every account, as {@link #invalidate} does one. */
  public void invalidateAll() {
    reads.keySet().forEach(this::invalidate);
    known.invalidateAll();
    unknown.invalidateAll();
  }

  /** Returns what it has done so far; cheap enough to be asked every second. */
  public CacheStats stats() {
    return counters.stats(known.size(), unknown.size());
  }

  private @Nullable Entry held(AccountName account) {
    Entry entry = known.getIfPresent(account);
    return entry != null ? entry : unknown.getIfPresent(account);
  }

  private OptionalLong lastFailure(AccountName account) {
    Long failedAt = failures.getIfPresent(account);
    return failedAt == null ? OptionalLong.empty() : OptionalLong.of(failedAt);
  }

  /** Whether a copy is the answer, with no need to read again. */
  private boolean answers(Entry held, boolean accepted, long now) {
    long age = now - held.readAt();
    if (held.found().isEmpty()) {
      // Who deletes credentials may be about to store others: soon somebody should look again.
      return age < (held.gone() ? Math.min(rereadNanos, negativeNanos) : negativeNanos);
    }
    return age < freshNanos && (accepted || within(rereadNanos, held.rereadAt(), now));
  }

  private static boolean within(long nanos, OptionalLong since, long now) {
    return since.isPresent() && now - since.getAsLong() < nanos;
  }

  /** Reads and remembers, unless another has done so since {@code held} was looked at. */
  private Optional<Entry> readUnlessReplaced(
      CredentialLookup lookup, @Nullable Entry held, CompletableFuture<Entry> mine) {
    AccountName account = lookup.account();
    try {
      Entry current = held(account);
      if (current != null && !current.equals(held)) {
        mine.complete(current);
        return Optional.empty();
      }
      Entry read = read(lookup, held);
      CompletableFuture<Entry> unused =
          reads.computeIfPresent(
              account,
              (same, underWay) -> {
                if (underWay == mine) {
                  remember(same, read);
                }
                return underWay;
              });
      mine.complete(read);
      return Optional.of(read);
    } catch (RuntimeException e) {
      CredentialStoreException cannotTell =
          e instanceof CredentialStoreException already
              ? already
              : new CredentialStoreException("Reading the credentials of " + account, e);
      failures.put(account, ticker.getAsLong());
      mine.completeExceptionally(cannotTell);
      throw cannotTell;
    } finally {
      mine.cancel(false); // of effect only after an Error, which must not leave others waiting
      reads.remove(account, mine);
    }
  }

  private Entry read(CredentialLookup lookup, @Nullable Entry held) {
    long now = ticker.getAsLong();
    Optional<StoredCredentials> found = delegate.find(lookup);
    if (held == null || held.found().isEmpty()) {
      return new Entry(found, now, OptionalLong.empty(), false);
    }
    boolean reread = now - held.readAt() < freshNanos && !satisfies(lookup, found);
    return new Entry(found, now, reread ? OptionalLong.of(now) : held.rereadAt(), found.isEmpty());
  }

  /** Whether the one who asks has what they want; who cannot be told yet has not. */
  private static boolean satisfies(CredentialLookup lookup, Optional<StoredCredentials> found) {
    try {
      return found.filter(lookup.accepted()).isPresent();
    } catch (CredentialStoreException e) {
      return false;
    }
  }

  private void remember(AccountName account, Entry entry) {
    if (entry.found().isPresent()) {
      known.put(account, entry);
      unknown.invalidate(account);
    } else {
      unknown.put(account, entry);
      known.invalidate(account);
    }
  }

  private Entry await(AccountName account, CompletableFuture<Entry> read, long deadline) {
    long began = ticker.getAsLong();
    try {
      return read.get(deadline - began, TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      if (deadline - began >= waitNanos / 2) {
        // A store that hangs has failed: later requests must not wait for it, too.
        failures.put(account, began);
      }
      throw new CredentialStoreException("Waiting for the credentials of " + account, e);
    } catch (ExecutionException | CancellationException e) {
      throw new CredentialStoreException("Waiting for the credentials of " + account, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CredentialStoreException("Waiting for the credentials of " + account, e);
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
    private int maxWaitingPerNamespace = 32;
    private int maxWaiting = 48;
    private double maxReadsPerSecond = 200;
    private long maxAccounts = 200_000;
    private long maxUnknownAccounts = 10_000;
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

    /** Sets how long it is remembered that an account has no credentials. */
    @CanIgnoreReturnValue
    public Builder negativeFor(Duration time) {
      negative = checkNotNegative("negativeFor", time);
      return this;
    }

    /**
     * Sets the least time between two reads of one account for copies that do not satisfy, and
     * between a failed read and the next try.
     */
    @CanIgnoreReturnValue
    public Builder rereadInterval(Duration time) {
      reread = checkNotNegative("rereadInterval", time);
      return this;
    }

    /** Sets how long a request waits for another's read of the same account. */
    @CanIgnoreReturnValue
    public Builder maxWait(Duration time) {
      wait = checkNotNegative("maxWait", time);
      return this;
    }

    /**
     * Sets how many requests of a kind may be waiting for the store at a time, for one namespace
     * and in all. One more gets the old copy if that may still be used, and else {@link
     * CredentialStoreException} at once. Three kinds are counted apart, so leave the server more
     * than three times as many threads.
     */
    @CanIgnoreReturnValue
    public Builder maxWaiting(int perNamespace, int inAll) {
      checkArgument(perNamespace > 0 && inAll > 0, "maxWaiting takes positive numbers");
      maxWaitingPerNamespace = perNamespace;
      maxWaiting = inAll;
      return this;
    }

    /**
     * Sets how many accounts that nobody has asked for lately may be read in vain per second, and
     * how many copies that do not satisfy. A read that is not its turn within a second fails with
     * {@link CredentialStoreException}. Reads that bring what accepts the request are not limited:
     * all that good credentials cost is one read in the time that a copy is fresh.
     */
    @CanIgnoreReturnValue
    public Builder maxReadsPerSecond(double reads) {
      checkArgument(reads > 0, "maxReadsPerSecond takes a positive number");
      maxReadsPerSecond = reads;
      return this;
    }

    /** Sets how many accounts with credentials, and how many without, are remembered. */
    @CanIgnoreReturnValue
    public Builder maxAccounts(long withCredentials, long without) {
      checkArgument(withCredentials > 0 && without > 0, "maxAccounts takes positive numbers");
      maxAccounts = withCredentials;
      maxUnknownAccounts = without;
      return this;
    }

    /** Sets the source of elapsed time, in nanoseconds from any origin; for tests. */
    @CanIgnoreReturnValue
    public Builder ticker(LongSupplier nanoseconds) {
      ticker = nanoseconds;
      return this;
    }

    private Lane lane(double readsPerSecond, long maxWaitNanos) {
      return new Lane(
          new Bulkhead<>(maxWaitingPerNamespace, maxWaiting),
          RateLimiter.create(readsPerSecond),
          new AtomicInteger(),
          maxWaitNanos);
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
