// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The versions of Docker Distribution that differ in which tokens they take. */
public enum RegistryVersion {
  /** Verifies by certificate alone, and takes only a string as {@code aud}. */
  V2_8("2.8", "/etc/docker/registry"),
  /** Gives certificates a thumbprint as key id, and gets that of EC keys wrong. */
  V3_0("3.0", "/etc/distribution"),
  /** As 3.0, with the thumbprints of EC and Ed25519 keys. */
  V3_1("3.1", "/etc/distribution");

  private static final Pattern TAG = Pattern.compile("v?(\\d+)(?:\\.(\\d+))?.*");

  private final String text;
  private final String configDirectory;

  RegistryVersion(String text, String configDirectory) {
    this.text = text;
    this.configDirectory = configDirectory;
  }

  /**
   * Reads an option.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  public static RegistryVersion parse(String version) {
    for (RegistryVersion known : values()) {
      if (known.text.equals(version)) {
        return known;
      }
    }
    throw new IllegalArgumentException("valid are 2.8, 3.0 and 3.1 (for 3.1 and later)");
  }

  /** Returns the version of an image such as {@code registry:3.0.0}, if its tag says it. */
  static Optional<RegistryVersion> ofImage(String image) {
    String name = image.replaceFirst("@.*", "");
    int colon = name.lastIndexOf(':');
    Matcher tag = TAG.matcher(colon > name.lastIndexOf('/') ? name.substring(colon + 1) : "");
    if (!tag.matches()) {
      return Optional.empty();
    }
    return switch (tag.group(1)) {
      case "2" -> Optional.of(V2_8);
      case "3" -> Optional.of("0".equals(tag.group(2)) ? V3_0 : V3_1);
      default -> Optional.empty();
    };
  }

  boolean isV3() {
    return this != V2_8;
  }

  /** Returns the directory of {@code config.yml} in the version's image. */
  String configDirectory() {
    return configDirectory;
  }

  @Override
  public String toString() {
    return text;
  }
}
