// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Ascii;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Base64;
import java.util.Optional;

/**
 * Reads the value of an {@code Authorization} header of the Basic scheme, <a
 * href="https://www.rfc-editor.org/rfc/rfc7617">RFC 7617</a>, strictly: {@code Basic} in any case,
 * spaces, and the padded Base64 of UTF-8 text without control characters, whose first colon ends
 * the user name. The password may hold colons and may not be empty.
 */
public final class BasicCredentialsParser {
  /** The greatest length of user name, colon and password together, in bytes. */
  public static final int MAX_DECODED_BYTES = 1024;

  /** The greatest length of a header value that is read at all, in characters. */
  public static final int MAX_HEADER_LENGTH = 2048;

  private static final String SCHEME = "Basic ";

  private BasicCredentialsParser() {}

  /**
   * Reads a header value. Never fails, whatever it is given.
   *
   * @param header the value, without the header's name
   * @return the credentials, or empty if the value has another scheme or breaks the grammar
   */
  public static Optional<Credentials> parse(String header) {
    if (header.length() > MAX_HEADER_LENGTH
        || header.length() < SCHEME.length()
        || !Ascii.equalsIgnoreCase(header.substring(0, SCHEME.length()), SCHEME)) {
      return Optional.empty();
    }
    return decode(header.substring(SCHEME.length()).strip()).flatMap(BasicCredentialsParser::split);
  }

  private static Optional<String> decode(String base64) {
    try {
      byte[] decoded = Base64.getDecoder().decode(base64);
      // The decoder takes absent padding and stray bits, so that several texts mean the same.
      boolean canonical = Base64.getEncoder().encodeToString(decoded).equals(base64);
      return canonical && decoded.length <= MAX_DECODED_BYTES
          ? Optional.of(UTF_8.newDecoder().decode(ByteBuffer.wrap(decoded)).toString())
          : Optional.empty();
    } catch (IllegalArgumentException | CharacterCodingException e) {
      return Optional.empty();
    }
  }

  private static Optional<Credentials> split(String text) {
    int colon = text.indexOf(':');
    return colon < 0
        ? Optional.empty()
        : Credentials.of(text.substring(0, colon), text.substring(colon + 1));
  }
}
