// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which pods are those of builds. */
class BuildPodCheckTest {
  @ParameterizedTest
  @CsvSource({
    "moby/buildkit:v0.34.2-rootless, true",
    "kaniko, true",
    "localhost:5000/team/my-buildkit, true",
    "gcr.io/kaniko-project/executor:v1.24.0-debug, true",
    "gcr.io/kaniko-project/executor@sha256:0123, true",
    "quay.io/buildah/stable:v1, true",
    "docker.io/library/postgres:17, false",
    "docker:29-dind, false",
    "buildkit.example.com/team/app, false",
    "registry.example.com:5000/app:built-by-kaniko, false",
    "podman-team/app, false"
  })
  void isBuilder_goesByTheImagesName(String image, boolean expected) {
    assertThat(BuildPodCheck.isBuilder(image)).isEqualTo(expected);
  }
}
