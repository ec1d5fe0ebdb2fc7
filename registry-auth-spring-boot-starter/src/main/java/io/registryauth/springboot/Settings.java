// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.springboot;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/** Makes something of the values of properties. */
final class Settings {
  // More than all certificate authorities that a system trusts.
  private static final int MAX_PEM_BYTES = 4 * 1024 * 1024;

  private Settings() {}

  /**
   * Makes something of a value.
   *
   * @param name the property, without the prefix
   * @throws InvalidConfigurationPropertyValueException if the value is not valid; it names the
   *     property, the value, and what is valid
   */
  static <V, T> T read(String name, V value, Function<V, T> maker) {
    try {
      return maker.apply(value);
    } catch (IllegalArgumentException e) {
      throw invalid(name, value, String.valueOf(e.getMessage()));
    }
  }

  /** Makes the exception of which Spring Boot says where the value is set. */
  static InvalidConfigurationPropertyValueException invalid(
      String name, Object value, String reason) {
    return new InvalidConfigurationPropertyValueException(
        RegistryAuthProperties.PREFIX + "." + name, value, reason);
  }

  /** Reads a file of PEM. */
  static String contents(String path) {
    try (InputStream in = Files.newInputStream(Path.of(path))) {
      byte[] bytes = in.readNBytes(MAX_PEM_BYTES + 1);
      if (bytes.length > MAX_PEM_BYTES) {
        throw new IllegalArgumentException("the file is longer than " + MAX_PEM_BYTES + " bytes");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalArgumentException("the file cannot be read (" + e + ")", e);
    }
  }
}
