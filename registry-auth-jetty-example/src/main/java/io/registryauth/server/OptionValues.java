// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.net.HostAndPort;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Makes values of options' texts. */
final class OptionValues {
  private static final String DURATION_IS =
      "valid is a number and a unit, such as 30s or 5m, up to 24h";

  private static final String ADDRESS_IS =
      "valid is HOST:PORT, such as 127.0.0.1:8080 or [::]:8080";

  // More than all certificate authorities that a system trusts.
  private static final int MAX_PEM_BYTES = 4 * 1024 * 1024;

  private OptionValues() {}

  /**
   * Parses an option's text; a fault becomes a wrong use of the command line that names the option,
   * the text and what is valid.
   */
  static <T> T parse(CommandSpec spec, String option, String text, Function<String, T> parser) {
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(),
          "Invalid value for "
              + Variables.named(option, spec)
              + ": \""
              + text
              + "\": "
              + e.getMessage(),
          e);
    }
  }

  /** Prints what a command was asked for, at once. */
  static void print(CommandSpec spec, String text) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(text);
    out.flush();
  }

  /** Reads a file of PEM. */
  static String contents(String path) {
    return contents(path, MAX_PEM_BYTES, "PEM");
  }

  /**
   * Reads a file of text.
   *
   * @param maxBytes how long it may be
   * @param kind what it should be, for the message
   * @throws IllegalArgumentException if it cannot be read, or is no text, or too long
   */
  static String contents(String path, int maxBytes, String kind) {
    Path file = Path.of(path);
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new IllegalArgumentException("it is not a file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(maxBytes + 1);
      if (bytes.length > maxBytes) {
        throw new IllegalArgumentException("the file is longer than " + maxBytes + " bytes");
      }
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("it is not text; " + kind + " is needed", e);
    } catch (IOException e) {
      throw new IllegalArgumentException("the file cannot be read (" + e + ")", e);
    }
  }

  static Duration seconds(String text) {
    try {
      return Duration.ofSeconds(Long.parseLong(text));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("valid is a whole number of seconds", e);
    }
  }

  /** Parses {@code 30s}, {@code 5m} or {@code 1h}. */
  static Duration duration(String text) {
    try {
      Duration duration = Duration.parse("PT" + text);
      if (!duration.isNegative() && duration.compareTo(Duration.ofDays(1)) <= 0) {
        return duration;
      }
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(DURATION_IS, e);
    }
    throw new IllegalArgumentException(DURATION_IS);
  }

  /**
   * Parses an address to listen on.
   *
   * @throws IllegalArgumentException if it is none, or its host is not known
   */
  static HostAndPort address(String text) {
    HostAndPort address;
    try {
      address = HostAndPort.fromString(text).requireBracketsForIPv6();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(ADDRESS_IS, e);
    }
    if (!address.hasPort() || address.getHost().isEmpty()) {
      throw new IllegalArgumentException(ADDRESS_IS);
    }
    InetAddress unused = host(address);
    return address;
  }

  /** Looks up the host of an address. */
  static InetAddress host(HostAndPort address) {
    try {
      return InetAddress.getByName(address.getHost());
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          "the host \"" + address.getHost() + "\" is not known here; " + ADDRESS_IS, e);
    }
  }
}
