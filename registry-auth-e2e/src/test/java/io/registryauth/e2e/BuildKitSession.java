// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** BuildKit, with a daemon of its own, so that nothing is in its cache that it should pull. */
final class BuildKitSession extends CommandSession {
  private static final Pattern RESOLVED = Pattern.compile("resolve \\S+@(sha256:[0-9a-f]{64}) ");

  private final BuildKit buildKit;

  BuildKitSession(Path parent, String registry) throws IOException, InterruptedException {
    super(Client.docker("buildctl", parent), registry);
    buildKit =
        BuildKit.start(
            client.home(),
            UnaryOperator.identity(),
            Map.of("DOCKER_CONFIG", client.home().toString()));
  }

  @Override
  public Completed push(String repository) throws IOException, InterruptedException {
    return buildKit.push(image(repository));
  }

  /** Builds a directory of files, for which BuildKit must have the layers. */
  @Override
  public String pull(String repository) throws IOException, InterruptedException {
    Path pulled = Files.createTempDirectory(client.home(), "pulled-");
    Completed built =
        buildKit.build("FROM " + image(repository) + "\n", "type=local,dest=" + pulled);
    built.orFail();
    Matcher resolved = RESOLVED.matcher(built.output());
    if (!resolved.find()) {
      throw new AssertionError("No digest: " + built);
    }
    return resolved.group(1);
  }

  @Override
  public Completed copy(String from, String to) throws IOException, InterruptedException {
    return buildKit.push(image(to), image(from));
  }

  @Override
  public void close() {
    buildKit.close();
  }
}
