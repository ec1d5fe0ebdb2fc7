// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;

/**
 * What tenants do with a registry all day, by real clients; and what they must not get away with.
 */
@OnEachRegistry
class RegistryPushPullTest {
  private static final String OTHERS_IMAGE = "other-namespace/app";

  @TempDir private static Path directory;
  private static Deployment deployment;
  private static TokenServer server;
  private static Registry registry;
  private static Path image;

  RegistryPushPullTest(String version) {}

  @BeforeParameterizedClassInvocation
  static void start(String version) throws Exception {
    deployment = Deployment.start(version, directory);
    server = deployment.server();
    registry = deployment.registry();
    image = Artifacts.image(directory);
    crane(Tenant.OTHER).succeed("push", image.toString(), reference(OTHERS_IMAGE + ":1"));
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    if (deployment != null) {
      deployment.close();
    }
  }

  private static String reference(String name) {
    return registry.address() + "/" + name;
  }

  private static String docker(String name) {
    return "docker://" + reference(name);
  }

  private static Client crane(Tenant tenant) throws Exception {
    Client crane = Client.crane(directory);
    crane.succeed(
        "auth", "login", registry.address(), "-u", tenant.name(), "-p", tenant.password());
    return crane;
  }

  private static Client skopeo(Tenant tenant) throws Exception {
    Client skopeo = Client.skopeo(directory);
    assertThat(skopeoLogin(skopeo, tenant).orFail()).contains("Login Succeeded");
    return skopeo;
  }

  private static Completed skopeoLogin(Client skopeo, Tenant tenant) throws Exception {
    return skopeo.run(
        "login",
        "--tls-verify=false",
        "-u",
        tenant.name(),
        "-p",
        tenant.password(),
        registry.address());
  }

  private static Completed skopeoPush(Client skopeo, String name) throws Exception {
    return skopeo.run(
        "copy", "--dest-tls-verify=false", "--digestfile=pushed", archive(), docker(name));
  }

  private static String archive() {
    return "docker-archive:" + image;
  }

  @Test
  void crane_ownImage_pulledWithTheDigestThatWasPushed() throws Exception {
    Client crane = crane(Tenant.TEST_BUILD);
    String name = reference("test-build/crane-pull");
    String pushed = crane.succeed("push", image.toString(), name + ":1");
    String digest = crane.succeed("digest", name + ":1");
    crane.succeed("pull", "--format=oci", name + ":1", "pulled");
    assertThat(pushed).isEqualTo(name + "@" + digest);
    assertThat(crane.home().resolve("pulled/index.json")).content().contains(digest);
  }

  @Test
  void crane_ownTags_listed() throws Exception {
    Client crane = crane(Tenant.TEST_BUILD);
    String name = reference("test-build/crane-tags");
    crane.succeed("push", image.toString(), name + ":1");
    crane.succeed("tag", name + ":1", "2");
    assertThat(crane.succeed("ls", name)).isEqualTo("1\n2");
  }

  @Test
  void crane_ownImage_deletedByItsDigest() throws Exception {
    Client crane = crane(Tenant.TEST_BUILD);
    String name = reference("test-build/crane-delete");
    crane.succeed("delete", crane.succeed("push", image.toString(), name + ":1"));
    assertRefused(crane.run("manifest", name + ":1"), "MANIFEST_UNKNOWN");
  }

  @Test
  void crane_copyBetweenOwnRepositories_mountsTheLayers() throws Exception {
    Client crane = crane(Tenant.TEST_BUILD);
    crane.succeed("push", image.toString(), reference("test-build/crane-from:1"));
    Completed copied =
        crane.run("copy", reference("test-build/crane-from:1"), reference("test-build/crane-to:1"));
    copied.orFail();
    assertThat(copied.stderr()).contains("mounted blob").doesNotContain("pushed blob");
    assertMounted("crane-from", "crane-to");
  }

  @Test
  void skopeo_ownImage_pulledWithTheDigestThatWasPushed() throws Exception {
    Client skopeo = skopeo(Tenant.TEST_BUILD);
    skopeoPush(skopeo, "test-build/skopeo-pull:1").orFail();
    skopeo.succeed(
        "copy",
        "--src-tls-verify=false",
        "--digestfile=pulled",
        docker("test-build/skopeo-pull:1"),
        "dir:image");
    assertThat(skopeo.home().resolve("pulled"))
        .hasSameTextualContentAs(skopeo.home().resolve("pushed"))
        .content()
        .startsWith("sha256:");
  }

  @Test
  void skopeo_ownTags_listed() throws Exception {
    Client skopeo = skopeo(Tenant.TEST_BUILD);
    skopeoPush(skopeo, "test-build/skopeo-tags:1").orFail();
    skopeoPush(skopeo, "test-build/skopeo-tags:2").orFail();
    String tags =
        skopeo.succeed("list-tags", "--tls-verify=false", docker("test-build/skopeo-tags"));
    assertThat(Json.object(tags)).containsEntry("Tags", List.of("1", "2"));
  }

  @Test
  void skopeo_ownImage_deleted() throws Exception {
    Client skopeo = skopeo(Tenant.TEST_BUILD);
    skopeoPush(skopeo, "test-build/skopeo-delete:1").orFail();
    skopeo.succeed("delete", "--tls-verify=false", docker("test-build/skopeo-delete:1"));
    assertRefused(
        skopeo.run("inspect", "--tls-verify=false", docker("test-build/skopeo-delete:1")),
        "manifest unknown");
  }

  @Test
  void skopeo_copyBetweenOwnRepositories_mountsTheLayers() throws Exception {
    Client skopeo = skopeo(Tenant.TEST_BUILD);
    skopeoPush(skopeo, "test-build/skopeo-from:1").orFail();
    skopeo.succeed(
        "copy",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        docker("test-build/skopeo-from:1"),
        docker("test-build/skopeo-to:1"));
    assertMounted("skopeo-from", "skopeo-to");
  }

  /** The registry's access log has an upload that was done at once, with nothing sent. */
  private static void assertMounted(String from, String to) throws Exception {
    String request = "\"POST /v2/test-build/%s/blobs/uploads/\\?from=test-build%%2F%s&mount=\\S+ ";
    registry.awaitLog(Pattern.compile(request.formatted(to, from) + "HTTP/1.1\" 201 0"));
  }

  @Test
  void mount_ownLayer_createdWithoutAnUpload() throws Exception {
    String layer = pushedLayer(Tenant.TEST_BUILD, "test-build/mount-from");
    String token =
        server.token(
            Tenant.TEST_BUILD,
            "repository:test-build/mount-to:push,pull",
            "repository:test-build/mount-from:pull");
    HttpResponse<String> mounted =
        mount("test-build/mount-to", layer, "test-build/mount-from", token);
    assertThat(mounted.statusCode()).isEqualTo(201);
    assertThat(mounted.headers().firstValue("Docker-Content-Digest")).hasValue(layer);
  }

  @Test
  void attack_mountOfAnothersLayer_refused() throws Exception {
    String layer = pushedLayer(Tenant.OTHER, "other-namespace/secret");
    String token =
        server.token(
            Tenant.TEST_BUILD,
            "repository:test-build/stolen:push,pull",
            "repository:other-namespace/secret:pull");
    HttpResponse<String> refused =
        mount("test-build/stolen", layer, "other-namespace/secret", token);
    assertThat(refused.statusCode()).isEqualTo(401);
    assertThat(registry.stores("test-build/stolen")).isFalse();
  }

  private static String pushedLayer(Tenant tenant, String repository) throws Exception {
    Client crane = crane(tenant);
    crane.succeed("push", image.toString(), reference(repository + ":1"));
    Map<String, Object> manifest =
        Json.object(crane.succeed("manifest", reference(repository + ":1")));
    return (String) Json.objects(manifest.get("layers")).get(0).get("digest");
  }

  private static HttpResponse<String> mount(String to, String layer, String from, String token)
      throws Exception {
    URI uri = registry.uri("/v2/" + to + "/blobs/uploads/?mount=" + layer + "&from=" + from);
    return Http.send("POST", uri, "Authorization", "Bearer " + token);
  }

  @Test
  void attack_cranePushToAnothersNamespace_refusedAndNothingStored() throws Exception {
    Client crane = crane(Tenant.TEST_BUILD);
    assertRefused(
        crane.run("push", image.toString(), reference("other-namespace/crane-push:1")), "DENIED");
    assertThat(registry.stores("other-namespace/crane-push")).isFalse();
  }

  @Test
  void attack_skopeoPushToAnothersNamespace_refusedAndNothingStored() throws Exception {
    Client skopeo = skopeo(Tenant.TEST_BUILD);
    assertRefused(skopeoPush(skopeo, "other-namespace/skopeo-push:1"), "denied");
    assertThat(registry.stores("other-namespace/skopeo-push")).isFalse();
  }

  @Test
  void attack_pullOfAnothersImage_refused() throws Exception {
    assertRefused(
        crane(Tenant.TEST_BUILD).run("pull", reference(OTHERS_IMAGE + ":1"), "pulled.tar"),
        "DENIED");
    assertRefused(
        skopeo(Tenant.TEST_BUILD)
            .run("copy", "--src-tls-verify=false", docker(OTHERS_IMAGE + ":1"), "dir:pulled"),
        "denied");
  }

  @Test
  void attack_deleteOfAnothersImage_refusedAndTheImageStays() throws Exception {
    Client owner = crane(Tenant.OTHER);
    String digest = owner.succeed("digest", reference(OTHERS_IMAGE + ":1"));
    assertRefused(
        crane(Tenant.TEST_BUILD).run("delete", reference(OTHERS_IMAGE + "@" + digest)), "DENIED");
    assertThat(owner.succeed("digest", reference(OTHERS_IMAGE + ":1"))).isEqualTo(digest);
  }

  @Test
  void wrongPassword_refused() throws Exception {
    assertNoEntry(new Tenant("test-build", "wrong-password"));
  }

  @Test
  void anothersPassword_refused() throws Exception {
    assertNoEntry(new Tenant("test-build", Tenant.OTHER.password()));
  }

  @Test
  void unknownTenant_refused() throws Exception {
    assertNoEntry(new Tenant("nobody-here", Tenant.TEST_BUILD.password()));
  }

  /** Neither may anything be pushed to one's own name, nor does a login succeed. */
  private static void assertNoEntry(Tenant tenant) throws Exception {
    String name = tenant.name() + "/no-entry";
    // This login only writes a file; that of skopeo asks the server.
    assertRefused(
        crane(tenant).run("push", image.toString(), reference(name + ":1")), "UNAUTHORIZED");
    assertRefused(skopeoLogin(Client.skopeo(directory), tenant), "invalid username/password");
    assertThat(registry.stores(name)).isFalse();
  }

  @Test
  void anonymous_refused() throws Exception {
    assertRefused(
        Client.crane(directory).run("push", image.toString(), reference("test-build/anonymous:1")),
        "UNAUTHORIZED");
    assertRefused(skopeoPush(Client.skopeo(directory), "test-build/anonymous:1"), "unauthorized");
    assertRefused(
        Client.crane(directory).run("pull", reference(OTHERS_IMAGE + ":1"), "pulled.tar"),
        "UNAUTHORIZED");
    assertThat(registry.stores("test-build/anonymous")).isFalse();
  }

  private static void assertRefused(Completed attempt, String reason) {
    assertThat(attempt.status()).as("%s", attempt).isNotZero();
    assertThat(attempt.output()).contains(reason);
  }
}
