// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.Pair;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.tenant.AccountName;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import okhttp3.Call;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A copy of the credentials of all accounts that follows the API server: a list in pages, then a
 * watch from there on, and again from the start when the watch is lost or too old. Its one thread
 * tries for as long as it is open. Thread-safe.
 */
final class SecretWatch implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SecretWatch.class);

  private static final int PAGE_SIZE = 500;
  private static final Duration PAGE_LIMIT = Duration.ofSeconds(60);

  // The API server ends a watch by itself after this. It looks at rights when one begins.
  private static final Duration WATCH_TIME = Duration.ofMinutes(1);

  // A connection that is silent for longer is dead; over HTTP/2, pings find out sooner.
  private static final Duration SILENCE_LIMIT = WATCH_TIME.plusSeconds(10);

  // A watch that has stood for so long was a good one.
  private static final Duration GOOD_WATCH = Duration.ofSeconds(30);

  private static final Duration BETWEEN_WATCHES = Duration.ofMillis(50);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final ApiServer server;
  private final OkHttpClient http;
  private final CachingCredentialStore lookups;
  private final Map<AccountName, StoredCredentials> credentials = new ConcurrentHashMap<>();
  private final Thread thread = new Thread(this::run, "secret-watch");
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile State state = new State(false, OptionalLong.empty());
  private volatile @Nullable Call call;

  /**
   * How the copy stands.
   *
   * @param following whether a watch is open
   * @param lastFollowedAt until when the last one was, by {@link System#nanoTime}
   */
  private record State(boolean following, OptionalLong lastFollowedAt) {}

  /** What the API server answered is no reason to go on from where the watch was. */
  private static final class StartAgainException extends Exception {
    private static final long serialVersionUID = 1L;

    StartAgainException(String reason) {
      super(reason);
    }
  }

  private SecretWatch(ApiClient client, CachingCredentialStore lookups) {
    this.server = new ApiServer(client);
    this.lookups = lookups;
    this.http =
        client
            .getHttpClient()
            .newBuilder()
            .readTimeout(SILENCE_LIMIT)
            // Of its own: a watch and the lookups should not break together.
            .connectionPool(new ConnectionPool())
            .build();
  }

  static SecretWatch start(ApiClient client, CachingCredentialStore lookups) {
    SecretWatch watch = new SecretWatch(client, lookups);
    watch.thread.setDaemon(true);
    watch.thread.start();
    return watch;
  }

  /** Returns the copy's credentials of an account. */
  Optional<StoredCredentials> find(AccountName account) {
    return Optional.ofNullable(credentials.get(account));
  }

  /** Returns how old the copy is: zero while a watch is open, and nothing before there is one. */
  Optional<Duration> age() {
    State now = state;
    if (now.following()) {
      return Optional.of(Duration.ZERO);
    }
    return now.lastFollowedAt().isPresent()
        ? Optional.of(
            Duration.ofNanos(Math.max(1, System.nanoTime() - now.lastFollowedAt().getAsLong())))
        : Optional.empty();
  }

  private void run() {
    Duration pause = FIRST_PAUSE;
    try {
      while (closed.getCount() > 0) {
        long began = System.nanoTime();
        try {
          watch();
        } catch (StartAgainException | IOException | RuntimeException | Error e) {
          // Whatever it is, giving up for good would be worse.
          if (System.nanoTime() - began > GOOD_WATCH.toNanos()) {
            pause = FIRST_PAUSE;
          }
          if (closed.getCount() > 0) {
            log.warn("The watch of Secrets is interrupted, next try in {}: {}", pause, reason(e));
          }
        }
        // Replicas that lost their watches together should not come again together.
        long jitter = ThreadLocalRandom.current().nextLong(pause.toMillis());
        boolean ended = closed.await(pause.toMillis() + jitter, MILLISECONDS);
        Duration longer = pause.multipliedBy(2);
        pause = ended || longer.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : longer;
      }
    } catch (InterruptedException e) {
      log.debug("Interrupted; no longer watching");
    }
  }

  /** Lists, and follows from there on. */
  private void watch() throws IOException, StartAgainException, InterruptedException {
    String version = list();
    boolean first = true;
    while (!closed.await(first ? 0 : BETWEEN_WATCHES.toMillis(), MILLISECONDS)) {
      version = follow(version, first);
      first = false;
    }
  }

  /** The message of what failed, but not that of a parser, which may quote what it read. */
  private static String reason(Throwable e) {
    return e instanceof RuntimeException ? e.getClass().getSimpleName() : e.toString();
  }

  /** Copies all there is, and returns the version to watch from. */
  private String list() throws IOException, StartAgainException {
    // The names that are kept already: those of a list are a hundred thousand copies more.
    Set<AccountName> gone = new HashSet<>(credentials.keySet());
    long began = System.nanoTime();
    String continueToken = "";
    SecretReader.Page page;
    do {
      List<Pair> parameters = new ArrayList<>(List.of(new Pair("limit", "" + PAGE_SIZE)));
      if (!continueToken.isEmpty()) {
        parameters.add(new Pair("continue", continueToken));
      }
      try (Response response = open(parameters, PAGE_LIMIT)) {
        page =
            new SecretReader(response.body().charStream())
                .page(
                    item -> {
                      put(item);
                      item.account().filter(credentials::containsKey).ifPresent(gone::remove);
                      updateLookups(item, began);
                    });
      }
      continueToken = page.continueToken();
    } while (!continueToken.isEmpty());
    gone.forEach(credentials::remove);
    gone.forEach(lookups::invalidate);
    state = new State(false, OptionalLong.of(began)); // of use even if no watch can be opened
    return required(page.resourceVersion());
  }

  /** What the lookups have may be of before the list. */
  private void updateLookups(SecretReader.Item item, long listBegan) {
    if (item.account().isPresent() && item.found().isPresent()) {
      Duration age = Duration.ofNanos(System.nanoTime() - listBegan);
      lookups.update(item.account().get(), item.found().get(), age);
    }
  }

  /** Follows the changes from a version on until the API server ends the watch in order. */
  private String follow(String from, boolean first) throws IOException, StartAgainException {
    String version = from;
    List<Pair> parameters =
        List.of(
            new Pair("watch", "true"),
            new Pair("allowWatchBookmarks", "true"),
            new Pair("resourceVersion", from),
            new Pair("timeoutSeconds", "" + WATCH_TIME.toSeconds()));
    try (Response response = open(parameters, Duration.ZERO)) {
      state = new State(true, OptionalLong.empty());
      if (first) {
        log.info("Watching the credentials of {} accounts", credentials.size());
      }
      SecretReader events = new SecretReader(response.body().charStream());
      Optional<SecretReader.Event> event = events.event();
      while (event.isPresent()) {
        apply(event.get());
        version = required(event.get().item().resourceVersion());
        event = events.event();
      }
      return version;
    } finally {
      if (state.following()) {
        state = new State(false, OptionalLong.of(System.nanoTime()));
      }
    }
  }

  private static String required(String version) throws IOException {
    if (version.isEmpty()) {
      throw new IOException("The API server left out the version");
    }
    return version;
  }

  private void apply(SecretReader.Event event) throws StartAgainException {
    switch (event.type()) {
      case "ADDED", "MODIFIED" -> put(event.item());
      case "DELETED" -> event.item().account().ifPresent(credentials::remove);
      case "BOOKMARK" -> {}
      default -> throw new StartAgainException("the API server sent the event " + event.type());
    }
    event.item().account().ifPresent(lookups::invalidate);
  }

  private void put(SecretReader.Item item) {
    if (item.account().isEmpty()) {
      return;
    }
    AccountName account = item.account().get();
    StoredCredentials unused =
        credentials.compute(
            account,
            (same, before) ->
                item.found().isEmpty()
                    ? null
                    : withNameOf(account.username(), before, item.found().get()));
  }

  /**
   * Takes the user name that is there already, in the key, which stays when an account is put
   * again: a hundred thousand copies are five megabytes.
   */
  private static StoredCredentials withNameOf(
      String username, @Nullable StoredCredentials before, StoredCredentials found) {
    String kept =
        before != null && before.username().equals(username) ? before.username() : username;
    return found.username().equals(username)
        ? new StoredCredentials(kept, found.passwords(), found.problem(), found.restriction())
        : found;
  }

  private Response open(List<Pair> parameters, Duration limit)
      throws IOException, StartAgainException {
    Call opening =
        http.newBuilder()
            .callTimeout(limit) // zero is none
            .build()
            .newCall(server.call("/api/v1/secrets", parameters).request());
    call = opening;
    if (closed.getCount() == 0) {
      throw new IOException("The watch is closed");
    }
    Response response = opening.execute();
    if (response.isSuccessful()) {
      return response;
    }
    try (response) {
      throw new StartAgainException(
          "the API server answers "
              + response.code()
              + (response.code() == 403
                  ? ": the right to list and watch all Secrets is missing (ClusterRole"
                      + " registry-auth-secret-reader)"
                  : ""));
    }
  }

  /** Ends the watch, without waiting for its thread. */
  @Override
  public void close() {
    closed.countDown();
    Call open = call;
    if (open != null) {
      open.cancel();
    }
  }
}
