// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Credential;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.LogEvent;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.api.TarImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Jib, which runs in this process. Its own timeouts bound its requests. */
final class JibSession implements ClientSession {
  private static final Pattern BASE_IMAGE =
      Pattern.compile("Using base image with digest: (sha256:[0-9a-f]{64})");

  static {
    // These registries have no TLS, and Jib gives no password away without it.
    System.setProperty("sendCredentialsOverHttp", "true");
  }

  private final Path home;
  private final String registry;
  private Optional<Credential> credential = Optional.empty();

  JibSession(Path parent, String registry) throws IOException {
    this.home = Files.createTempDirectory(parent, "jib-");
    this.registry = registry;
  }

  @Override
  public void remember(Tenant tenant) {
    credential = Optional.of(Credential.from(tenant.name(), tenant.password()));
  }

  @Override
  public void rememberIdentityToken(String user, String token) {
    credential = Optional.of(Credential.from(Credential.OAUTH2_TOKEN_USER_NAME, token));
  }

  @Override
  public Completed push(String repository) throws IOException, InterruptedException {
    return run(
        () ->
            build(
                Jib.fromScratch().addLayer(List.of(Artifacts.file(home)), "/"),
                Containerizer.to(image(repository))));
  }

  @Override
  public String pull(String repository) throws IOException, InterruptedException {
    String log = run(() -> build(Jib.from(image(repository)), toFile())).orFail();
    Matcher digest = BASE_IMAGE.matcher(log);
    if (!digest.find()) {
      throw new AssertionError("No digest: " + log);
    }
    return digest.group(1);
  }

  private Containerizer toFile() throws InvalidImageReferenceException {
    return Containerizer.to(TarImage.at(home.resolve("pulled.tar")).named("pulled"));
  }

  @Override
  public Completed copy(String from, String to) throws IOException, InterruptedException {
    return run(() -> build(Jib.from(image(from)), Containerizer.to(image(to))));
  }

  private RegistryImage image(String repository) throws InvalidImageReferenceException {
    RegistryImage image = RegistryImage.named(registry + "/" + repository + ":" + TAG);
    credential.ifPresent(
        present -> image.addCredential(present.getUsername(), present.getPassword()));
    return image;
  }

  /** Returns what Jib logs. */
  private String build(JibContainerBuilder image, Containerizer to) throws Exception {
    Queue<String> log = new ConcurrentLinkedQueue<>();
    image.containerize(
        to.setAllowInsecureRegistries(true)
            .setBaseImageLayersCache(home.resolve("base-layers"))
            .setApplicationLayersCache(home.resolve("layers"))
            .addEventHandler(LogEvent.class, event -> log.add(event.getMessage())));
    return String.join("\n", log);
  }

  private interface Build {
    String run() throws Exception;
  }

  private static Completed run(Build build) throws IOException, InterruptedException {
    try {
      return new Completed("jib", 0, build.run(), "");
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      return new Completed("jib", 1, "", causes(e));
    }
  }

  private static String causes(Throwable problem) {
    return Stream.iterate(problem, Objects::nonNull, Throwable::getCause)
        .map(Throwable::toString)
        .collect(Collectors.joining("\n"));
  }
}
