// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.CharMatcher;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.hash.HashFunction;
import com.google.common.hash.Hashing;
import com.google.common.net.InetAddresses;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import io.registryauth.credential.AuthenticationRequest;
import io.registryauth.credential.AuthenticationResult;
import io.registryauth.credential.Authenticator;
import io.registryauth.credential.Credentials;
import io.registryauth.credential.StoredPassword;
import io.registryauth.tenant.AccountName;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Holds clients back that try many wrong credentials, before anything that takes time is done for
 * them: a read of the store, a bcrypt hash. What it promises, with a number of attempts N:
 *
 * <table>
 * <caption>What a client finds</caption>
 * <tr><th>event</th><th>effect</th></tr>
 * <tr><td>N wrong credentials for one namespace from one client address</td><td>that address is told
 * to wait, for that namespace; N a minute are given back</td></tr>
 * <tr><td>10 N wrong ones from one address, for any names</td><td>that address is told to wait; 10 N
 * in ten seconds are given back</td></tr>
 * <tr><td>credentials that were good at this address before</td><td>they are looked at, always: one
 * address may be that of a whole cluster</td></tr>
 * <tr><td>good credentials, many at once</td><td>they count as nothing</td></tr>
 * <tr><td>it cannot be told whether they are good</td><td>they count as nothing</td></tr>
 * </table>
 *
 * <p>Whether a namespace exists makes no difference. An IPv6 client has its /64 network as its
 * address. Names that are none's share one place. What is remembered is bounded: the clients whose
 * failures are longest ago are forgotten first, and of good credentials those beyond 120,000. Time
 * is elapsed time, so a clock that is set does no harm. Thread-safe.
 */
final class ThrottlingAuthenticator implements Authenticator {
  private static final int MAX_CLIENTS = 5_000;

  // All of 100,000 tenants may come from one address: more, since the cache has parts of its own,
  // some of which are full before. Each takes some 90 bytes.
  private static final int MAX_GOOD = 120_000;

  private static final int IPV6_NETWORK_BYTES = 8;
  private static final int OF_AN_ADDRESS = 10;
  private static final CharMatcher BRACKETS = CharMatcher.anyOf("[]");

  private final Authenticator delegate;
  private final TimeMeter ticker;
  private final Bandwidth perNamespace;
  private final Bandwidth perAddress;

  // A bucket that is not there is full. One that was not drawn from for so long is full again.
  private final Cache<NamespaceAtAddress, Bucket> namespaces = cache(MAX_CLIENTS, 10);
  private final Cache<String, Bucket> addresses = cache(MAX_CLIENTS, 10);

  // Credentials that were good, as digests that only this process can make: who could find another
  // with the same 64 bits would be looked at, and no more.
  private final Cache<Long, Boolean> good = cache(MAX_GOOD, 24 * 60);
  private final byte[] key = randomBytes();
  private final HashFunction hmac = Hashing.hmacSha256(key);

  /** Where failures count; the namespace is the claimed one, whether it exists or not. */
  private record NamespaceAtAddress(String namespace, String address) {}

  /**
   * Makes it.
   *
   * @param delegate what looks at the credentials
   * @param attempts how many wrong ones an address has for a namespace, at least 1
   */
  ThrottlingAuthenticator(Authenticator delegate, int attempts) {
    this(delegate, attempts, TimeMeter.SYSTEM_NANOTIME);
  }

  ThrottlingAuthenticator(Authenticator delegate, int attempts, TimeMeter ticker) {
    this.delegate = delegate;
    this.ticker = ticker;
    perNamespace = bandwidth(attempts, Duration.ofMinutes(1));
    perAddress = bandwidth(OF_AN_ADDRESS * (long) attempts, Duration.ofSeconds(10));
  }

  private static <K, V> Cache<K, V> cache(int maxEntries, int minutes) {
    return CacheBuilder.newBuilder()
        .maximumSize(maxEntries)
        .expireAfterAccess(Duration.ofMinutes(minutes))
        .build();
  }

  private static Bandwidth bandwidth(long attempts, Duration time) {
    return Bandwidth.builder().capacity(attempts).refillGreedy(attempts, time).build();
  }

  private static byte[] randomBytes() {
    byte[] bytes = new byte[32];
    new SecureRandom().nextBytes(bytes);
    return bytes;
  }

  @Override
  public AuthenticationResult authenticate(AuthenticationRequest request) {
    Credentials credentials = request.credentials();
    String address = network(request.clientAddress());
    String namespace =
        AccountName.parse(credentials.username())
            .map(account -> account.namespace().value())
            .orElse("");
    NamespaceAtAddress place = new NamespaceAtAddress(namespace, address);
    long digest = digest(address, credentials);
    if (good.getIfPresent(digest) == null) {
      long wait =
          Math.max(
              nanosToWait(namespaces.getIfPresent(place)),
              nanosToWait(addresses.getIfPresent(address)));
      if (wait > 0) {
        return new AuthenticationResult.Throttled(Duration.ofNanos(wait));
      }
    }
    AuthenticationResult result = delegate.authenticate(request);
    if (result instanceof AuthenticationResult.Authenticated) {
      good.put(digest, true);
    } else if (result instanceof AuthenticationResult.Refused) {
      good.invalidate(digest);
      draw(namespaces, place, perNamespace);
      draw(addresses, address, perAddress);
    }
    return result;
  }

  private static long nanosToWait(@Nullable Bucket bucket) {
    return bucket == null ? 0 : bucket.estimateAbilityToConsume(1).getNanosToWaitForRefill();
  }

  /**
   * Counts a failure after it has happened: if attempts were counted at their start, many good
   * clients at once would stand in each other's way. So wrong ones that come at once get further,
   * by as many as there are threads.
   */
  private <K> void draw(Cache<K, Bucket> buckets, K place, Bandwidth bandwidth) {
    Bucket bucket =
        buckets
            .asMap()
            .computeIfAbsent(
                place,
                same ->
                    Bucket.builder().addLimit(bandwidth).withCustomTimePrecision(ticker).build());
    long unused = bucket.consumeIgnoringRateLimits(1); // into debt, if many came at once
  }

  private long digest(String address, Credentials credentials) {
    return hmac.newHasher()
        .putString(address, UTF_8)
        .putChar('\0')
        .putString(credentials.username(), UTF_8)
        .putChar('\0')
        .putString(StoredPassword.of(credentials.password()).fingerprint(key), UTF_8)
        .hash()
        .asLong();
  }

  /** Whoever has one IPv6 address has the 2^64 of its network. */
  private static String network(String clientAddress) {
    String text = BRACKETS.removeFrom(clientAddress);
    if (!InetAddresses.isInetAddress(text)) {
      return clientAddress;
    }
    InetAddress address = InetAddresses.forString(text);
    return address instanceof Inet6Address
        ? Arrays.toString(Arrays.copyOf(address.getAddress(), IPV6_NETWORK_BYTES))
        : text;
  }
}
