// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static io.registryauth.kubernetes.FakeSecretList.secret;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.Uninterruptibles;
import io.registryauth.credential.CachingCredentialStore;
import io.registryauth.credential.CredentialLookup;
import io.registryauth.credential.CredentialStoreException;
import io.registryauth.credential.Credentials;
import io.registryauth.credential.InMemoryCredentialStore;
import io.registryauth.credential.Password;
import io.registryauth.credential.StoredCredentials;
import io.registryauth.tenant.AccountName;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the watch knows, and what happens when it is cut off; lookups are counted. */
@Timeout(20)
class WatchingCredentialStoreTest {
  private final InMemoryCredentialStore lookedUp = new InMemoryCredentialStore();
  private final AtomicInteger lookups = new AtomicInteger();
  private final AtomicBoolean lookupsFail = new AtomicBoolean();
  private FakeSecretList api;
  private WatchingCredentialStore store;

  @BeforeEach
  void start() throws IOException {
    api = new FakeSecretList();
  }

  @AfterEach
  void stop() {
    if (store != null) {
      store.close();
    }
    api.close();
  }

  private void watch() {
    CachingCredentialStore cache =
        CachingCredentialStore.builder(
                lookup -> {
                  lookups.incrementAndGet();
                  if (lookupsFail.get()) {
                    throw new CredentialStoreException("The API server is down");
                  }
                  return lookedUp.find(lookup);
                })
            .negativeFor(Duration.ZERO)
            .build();
    store = WatchingCredentialStore.start(api.client(), cache);
  }

  @Test
  void find_tenantsOfAllPages_needNoLookup() {
    api.list("1", secret("a", "pw-a", "1"), secret("b", "pw-b", "1"), secret("c", "pw-c", "1"));
    watch();
    awaitWatches(1);

    assertThat(accepts("a", "pw-a")).isTrue();
    assertThat(accepts("b", "pw-b")).isTrue();
    assertThat(accepts("c", "pw-c")).isTrue();
    assertThat(lookups).hasValue(0);
    assertThat(api.queries().get(0)).doesNotContain("continue");
    assertThat(api.queries().get(1)).contains("continue=1");
    assertThat(api.queries().get(3)).contains("watch=true", "resourceVersion=1");
  }

  @Test
  void find_passwordThatTheWatchDoesNotKnow_isLookedUp() {
    api.list("1", secret("team", "old", "1"));
    watch();
    awaitWatches(1);
    lookedUp.put("team", "new");

    assertThat(accepts("team", "new")).as("the event is on its way").isTrue();
    assertThat(accepts("team", "wrong")).isFalse();
  }

  @Test
  void find_afterEvents_isAsTheyHaveIt() {
    api.list("1", secret("a", "old", "1"), secret("b", "pw-b", "1"));
    watch();
    awaitWatches(1);
    assertThat(accepts("a", "wrong")).as("which puts a copy into the cache").isFalse();

    api.send("MODIFIED", secret("a", "new", "2"));
    api.send("DELETED", secret("b", "pw-b", "3"));
    api.send("ADDED", secret("c", "pw-c", "4"));
    await(() -> accepts("c", "pw-c"));

    assertThat(accepts("a", "new")).isTrue();
    assertThat(accepts("a", "old")).isFalse();
    assertThat(accepts("b", "pw-b")).isFalse();
  }

  @Test
  void watch_endedInOrder_goesOnFromTheLastVersionWithoutAList() {
    api.list("1", secret("team", "old", "1"));
    watch();
    awaitWatches(1);

    api.send("BOOKMARK", "{\"kind\":\"Secret\",\"metadata\":{\"resourceVersion\":\"77\"}}");
    api.endWatch();
    awaitWatches(2);

    assertThat(lists()).isEqualTo(1);
    assertThat(api.queries().get(api.queries().size() - 1)).contains("resourceVersion=77");
    api.send("MODIFIED", secret("team", "new", "78"));
    await(() -> accepts("team", "new"));
    assertThat(accepts("team", "old")).isFalse();
  }

  @Test
  void watch_ofAVersionThatIsTooOld_isBegunAnewAndForgetsWhatIsGone() {
    api.list("1", secret("a", "pw-a", "1"), secret("b", "pw-b", "1"));
    watch();
    awaitWatches(1);

    api.list("9", secret("b", "pw-b2", "9"));
    api.send("ERROR", "{\"kind\":\"Status\",\"metadata\":{},\"code\":410,\"reason\":\"Expired\"}");
    api.endWatch();
    awaitWatches(2);

    assertThat(lists()).isEqualTo(1 + 1 + 1); // two pages, and one
    assertThat(accepts("a", "pw-a")).isFalse();
    assertThat(accepts("b", "pw-b")).isFalse();
    await(() -> accepts("b", "pw-b2"));
  }

  /** Of a hundred thousand names, each copy is five megabytes. */
  @Test
  void find_afterAnEventAndAnotherList_hasTheNameThatWasThereAndNoCopy() {
    api.list("1", secret("team", "first", "1"));
    watch();
    awaitWatches(1);
    String name = found("team", "first").orElseThrow().username();

    api.send("MODIFIED", secret("team", "second", "2"));
    await(() -> accepts("team", "second"));
    assertThat(found("team", "second").orElseThrow().username()).isSameAs(name);

    api.list("9", secret("team", "third", "9"));
    api.send("ERROR", "{\"kind\":\"Status\",\"metadata\":{},\"code\":410,\"reason\":\"Expired\"}");
    api.endWatch();
    awaitWatches(2);
    assertThat(accepts("team", "third")).isTrue();
    assertThat(found("team", "third").orElseThrow().username()).isSameAs(name);
  }

  /** A Secret may lose its entries while the watch is cut off. */
  @Test
  void watch_begunAnew_forgetsWhatHasNoEntriesAnyMore() {
    api.list("1", secret("team", "secret", "1"));
    watch();
    awaitWatches(1);
    assertThat(accepts("team", "secret")).isTrue();

    api.list(
        "9",
        "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"team-registry-credentials\","
            + "\"namespace\":\"team\",\"resourceVersion\":\"9\"},\"data\":null}");
    api.send("ERROR", "{\"kind\":\"Status\",\"metadata\":{},\"code\":410,\"reason\":\"Expired\"}");
    api.endWatch();
    awaitWatches(2);

    assertThat(accepts("team", "secret")).isFalse();
  }

  @Test
  void watch_cutOff_servesWhatItKnewWhenLookupsFailToo() {
    api.list("1", secret("team", "secret", "1"));
    watch();
    awaitWatches(1);
    lookupsFail.set(true);

    api.watchAnswers(500);
    api.send("ERROR", "{\"kind\":\"Status\",\"metadata\":{},\"code\":500}");
    api.endWatch();
    await(() -> lists() > 1);

    assertThat(accepts("team", "secret")).isTrue();
  }

  /** Between a list and the watch from there on, the API server may break off. */
  @Test
  void watch_thatCannotBeOpened_stillServesWhatWasListedAndWhatWasLookedUp() {
    lookedUp.put("a", "pw-a").put("b", "pw-b");
    api.list("1", secret("a", "pw-a", "1"));
    api.watchAnswers(500);
    watch();
    assertThat(accepts("a", "pw-a")).isTrue();
    assertThat(accepts("b", "pw-b")).isTrue();
    await(() -> lists() > 1);
    lookupsFail.set(true);

    assertThat(accepts("a", "pw-a")).isTrue();
    assertThat(accepts("b", "pw-b")).as("its copy is fresh").isTrue();
  }

  /** As with the right to list and not to watch. */
  @Test
  void attack_watchThatIsNeverThere_doesNotMakeItListWithoutEnd() throws InterruptedException {
    api.list("1", secret("team", "secret", "1"));
    api.watchAnswers(403);
    lookedUp.put("team", "secret");
    watch();
    await(() -> lists() > 1);
    TimeUnit.SECONDS.sleep(4);

    assertThat(lists()).isLessThan(6);
    assertThat(accepts("team", "secret")).as("by lookup").isTrue();
  }

  private long lists() {
    return api.queries().stream().filter(query -> !query.contains("watch=true")).count();
  }

  /** Returns when the watch of that number is open, and the store heeds it. */
  private void awaitWatches(int number) {
    await(
        () ->
            api.queries().stream().filter(query -> query.contains("watch=true")).count() >= number);
    // Only a watch that is open makes a lookup unnecessary.
    api.send("ADDED", secret("probe-" + number, "probe", "1"));
    await(
        () -> {
          int before = lookups.get();
          return accepts("probe-" + number, "probe") && lookups.get() == before;
        });
    lookups.set(0);
  }

  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      Uninterruptibles.sleepUninterruptibly(Duration.ofMillis(5));
      assertThat(Thread.currentThread().isInterrupted()).as("the time limit").isFalse();
    }
  }

  private boolean accepts(String namespace, String password) {
    Credentials presented = new Credentials(namespace, Password.of(password));
    return found(namespace, password)
        .filter(stored -> stored.accept(presented, Instant.EPOCH))
        .isPresent();
  }

  private Optional<StoredCredentials> found(String namespace, String password) {
    Credentials presented = new Credentials(namespace, Password.of(password));
    return store.find(
        new CredentialLookup(
            AccountName.parse(namespace).orElseThrow(),
            stored -> stored.accept(presented, Instant.EPOCH)));
  }
}
