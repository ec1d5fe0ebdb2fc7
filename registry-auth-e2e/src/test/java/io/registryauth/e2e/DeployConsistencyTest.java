// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** What one manifest of an overlay says fits what the others say. */
@ParameterizedClass(name = "overlay {0}")
@ValueSource(strings = {"overlays/dev", "overlays/production", "overlays/ca-issuer"})
class DeployConsistencyTest {
  private static final Pattern REALM = Pattern.compile("(?m)^    realm: (\\S+)$");

  /** What is made by {@code bootstrap} or by the server, and not by cert-manager. */
  private static final Set<String> MADE_BY_COMMANDS =
      Set.of("registry-registry-auth", "registry-auth-keys-jwks");

  @TempDir private Path directory;

  private final String overlay;
  private List<KubernetesObject> objects;

  DeployConsistencyTest(String overlay) {
    this.overlay = overlay;
  }

  @BeforeEach
  void render() throws Exception {
    objects = Manifests.copy(directory).objects(overlay);
  }

  private List<KubernetesObject> all(String kind) {
    List<KubernetesObject> all = objects.stream().filter(o -> o.kind().equals(kind)).toList();
    assertThat(all).as(kind).isNotEmpty();
    return all;
  }

  private KubernetesObject object(String kind, String name) {
    return all(kind).stream().filter(o -> o.name().equals(name)).findFirst().orElseThrow();
  }

  /** Returns the Deployment whose pods have the labels of a selector. */
  private KubernetesObject selected(KubernetesObject selector) {
    List<KubernetesObject> selected =
        all("Deployment").stream()
            .filter(deployment -> deployment.part("spec/template").hasLabels(selector))
            .toList();
    assertThat(selected).as(selector.toString()).hasSize(1);
    return selected.get(0);
  }

  private static Set<String> ports(KubernetesObject deployment) {
    return deployment.texts("spec/template/spec/containers/ports/containerPort").collect(toSet());
  }

  private KubernetesObject service(String host) {
    return all("Service").stream()
        .filter(s -> host.equals(s.name() + "." + s.namespace() + ".svc.cluster.local"))
        .findFirst()
        .orElseThrow(() -> new AssertionError("No Service is " + host));
  }

  /** Returns the Certificates whose Secrets are mounted by a Deployment and name a host. */
  private Stream<KubernetesObject> certificates(KubernetesObject deployment, String host) {
    Set<String> mounted =
        deployment.texts("spec/template/spec/volumes/secret/secretName").collect(toSet());
    return all("Certificate").stream()
        .filter(certificate -> mounted.contains(certificate.text("spec/secretName")))
        .filter(certificate -> certificate.texts("spec/dnsNames").toList().contains(host));
  }

  /** Returns what the server gets as a variable. */
  private String variable(String name) {
    return object("Deployment", "registry-auth")
        .parts("spec/template/spec/containers/env")
        .filter(variable -> variable.text("name").equals(name))
        .map(variable -> variable.text("value"))
        .findFirst()
        .orElseThrow(() -> new AssertionError("registry-auth gets no " + name));
  }

  private String registryConfig() {
    return (String) object("ConfigMap", "registry-config").part("data").json().get("config.yml");
  }

  @Test
  void deployment_ofEach_selectsItsOwnPods() {
    for (KubernetesObject deployment : all("Deployment")) {
      assertThat(selected(deployment.part("spec/selector/matchLabels"))).isEqualTo(deployment);
    }
  }

  @Test
  void service_ofEach_leadsToAPortOfTheContainer_withACertificateForItsName() {
    for (KubernetesObject service : all("Service")) {
      KubernetesObject deployment = selected(service.part("spec/selector"));
      assertThat(deployment.name()).isEqualTo(service.name());
      assertThat(ports(deployment)).contains(service.text("spec/ports/targetPort"));
      assertThat(service.text("spec/ports/port")).isEqualTo("443");
      String host = service.name() + "." + service.namespace() + ".svc.cluster.local";
      assertThat(certificates(deployment, host)).as(host).hasSize(1);
    }
  }

  @Test
  void registry_listensAtThePortOfItsContainer() {
    assertThat(ports(object("Deployment", "registry"))).containsExactly("5000");
    assertThat(registryConfig()).contains("\n  addr: :5000\n");
  }

  @Test
  void server_listensAtAPortOfItsContainer() {
    String address = variable("LISTEN_ADDRESS");
    assertThat(ports(object("Deployment", "registry-auth")))
        .containsExactlyInAnyOrder(address.substring(address.indexOf(':') + 1), "8081");
  }

  @Test
  void realm_isTheServiceOfTheServer_byHttps() {
    Matcher matcher = REALM.matcher(registryConfig());
    assertThat(matcher.find()).isTrue();
    URI realm = URI.create(matcher.group(1));
    assertThat(realm).hasScheme("https").hasNoPort().hasPath("/auth").hasNoQuery();
    assertThat(service(realm.getHost()).name()).isEqualTo("registry-auth");
  }

  @Test
  void networkPolicy_ofEach_letsInToTheContainersPortsAlone() {
    for (KubernetesObject policy : all("NetworkPolicy")) {
      KubernetesObject deployment = selected(policy.part("spec/podSelector/matchLabels"));
      assertThat(policy.texts("spec/ingress/ports/port").collect(toSet()))
          .isEqualTo(ports(deployment));
    }
  }

  @Test
  void probe_ofEach_asksAPortThatIsThere() {
    for (KubernetesObject deployment : all("Deployment")) {
      Set<String> names =
          deployment.texts("spec/template/spec/containers/ports/name").collect(toSet());
      for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
        String port =
            deployment.part("spec/template/spec/containers/" + probe + "/httpGet").text("port");
        assertThat(names).as(probe).contains(port);
      }
    }
  }

  @Test
  void secret_thatAPodNeeds_isMadeByACertificateOrACommand() {
    Set<String> made =
        all("Certificate").stream().map(c -> c.text("spec/secretName")).collect(toSet());
    made.addAll(MADE_BY_COMMANDS);
    for (KubernetesObject deployment : all("Deployment")) {
      KubernetesObject pod = deployment.part("spec/template/spec");
      assertThat(
              Stream.concat(
                  pod.texts("volumes/secret/secretName"),
                  pod.texts("containers/env/valueFrom/secretKeyRef/name")))
          .isNotEmpty()
          .isSubsetOf(made);
    }
  }

  @Test
  void mount_ofEach_showsAVolume_andEachVolumeIsMounted() {
    for (KubernetesObject deployment : all("Deployment")) {
      KubernetesObject pod = deployment.part("spec/template/spec");
      assertThat(pod.texts("containers/volumeMounts/name"))
          .containsExactlyInAnyOrderElementsOf(pod.texts("volumes/name").toList());
    }
  }

  @Test
  void file_thatAVariableOfTheServerNames_isMounted() {
    KubernetesObject pod = object("Deployment", "registry-auth").part("spec/template/spec");
    Set<String> mounts = pod.texts("containers/volumeMounts/mountPath").collect(toSet());
    assertThat(mounts).as("of the signing key, by default").contains("/etc/registry-auth-keys");
    assertThat(pod.texts("containers/env/value").filter(value -> value.startsWith("/")))
        .isNotEmpty()
        .allSatisfy(
            file -> {
              assertThat(mounts).contains(Path.of(file).getParent().toString());
              assertThat(Path.of(file).getFileName().toString()).isIn("tls.crt", "tls.key");
            });
  }

  @Test
  void jwks_isPublishedToTheSecretThatTheRegistryMounts_whichTheServerMayWrite() {
    String published = variable("PUBLISH_JWKS");
    KubernetesObject registry = object("Deployment", "registry");
    String secret = published.substring(published.indexOf('/') + 1);
    assertThat(published).isEqualTo(registry.namespace() + "/" + secret);
    assertThat(registry.texts("spec/template/spec/volumes/secret/secretName")).contains(secret);
    KubernetesObject role = object("Role", "registry-auth-jwks-publisher");
    assertThat(role.namespace()).isEqualTo(registry.namespace());
    assertThat(role.texts("rules/resourceNames")).containsExactly(secret);
  }

  @Test
  void issuer_ofEachCertificate_isThere_andBothServersHaveTheSame() {
    Set<String> issuers = all("Issuer").stream().map(KubernetesObject::name).collect(toSet());
    for (KubernetesObject certificate : all("Certificate")) {
      assertThat(certificate.text("spec/issuerRef/kind")).isEqualTo("Issuer");
      assertThat(issuers).contains(certificate.text("spec/issuerRef/name"));
      assertThat(certificate.text("spec/privateKey/rotationPolicy")).isIn("Never", "Always");
    }
    String issuer = object("Certificate", "registry-tls").text("spec/issuerRef/name");
    assertThat(object("Certificate", "registry-auth-tls").text("spec/issuerRef/name"))
        .isEqualTo(issuer);
    String authority = object("Issuer", issuer).text("spec/ca/secretName");
    assertThat(
            all("Certificate").stream()
                .filter(certificate -> certificate.text("spec/isCA").equals("true"))
                .map(certificate -> certificate.text("spec/secretName")))
        .contains(authority);
  }

  /** A registry takes the tokens of whatever the authority has certified: of one key, hence. */
  @Test
  void authority_ofTheSigningKey_certifiesNothingElse() {
    String issuer = object("Certificate", "registry-auth-keys").text("spec/issuerRef/name");
    if (!object("Issuer", issuer).text("spec/ca/secretName").isEmpty()) {
      assertThat(
              all("Certificate").stream()
                  .filter(other -> other.text("spec/issuerRef/name").equals(issuer))
                  .map(KubernetesObject::name))
          .containsExactly("registry-auth-keys");
    }
  }

  /** What changes its key by itself must be verified by an authority that does not. */
  @Test
  void signingKey_thatChangesByItself_isVerifiedByItsAuthority() {
    KubernetesObject certificate = object("Certificate", "registry-auth-keys");
    List<String> trusted =
        object("Deployment", "registry")
            .parts("spec/template/spec/volumes")
            .filter(volume -> volume.text("name").equals("registry-auth-keys"))
            .flatMap(volume -> volume.texts("secret/items/key"))
            .toList();
    boolean changes = certificate.text("spec/privateKey/rotationPolicy").equals("Always");
    assertThat(trusted).containsExactly(changes ? "ca.crt" : "tls.crt");
    if (changes) {
      assertThat(variable("TOKEN_PROFILE")).isEqualTo("distribution-2.8");
    }
  }

  @Test
  void registry_withAVolumeForOneNode_hasOneReplicaThatIsReplacedByRecreation() {
    assertThat(object("PersistentVolumeClaim", "registry-storage").texts("spec/accessModes"))
        .containsExactly("ReadWriteOnce");
    KubernetesObject deployment = object("Deployment", "registry");
    assertThat(deployment.text("spec/replicas")).isEqualTo("1");
    assertThat(deployment.text("spec/strategy/type")).isEqualTo("Recreate");
  }

  @Test
  void registry_isOfAVersionThatIsTested() {
    String image = object("Deployment", "registry").text("spec/template/spec/containers/image");
    assertThat(image).startsWith("registry:");
    assertThat(OnEachRegistry.class.getAnnotation(ValueSource.class).strings())
        .contains(image.substring("registry:".length()));
  }
}
