// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

/**
 * The grammar of a resource scope's parts, without regular expressions: linear in the input and
 * free of backtracking.
 *
 * <pre>
 * type      := lower+ [ "(" lower+ ")" ]              lower  := [a-z0-9]
 * action    := [a-z]+ | "*"
 * name      := [ host [ ":" [0-9]+ ] "/" ] component ( "/" component )*        at most 255 characters
 * component := lower+ ( separator lower+ )*           separator := "." | "_" | "__" | "-"+
 * host      := label ( "." label )* | "[" [0-9a-fA-F:]+ "]"
 * label     := [a-zA-Z0-9] | [a-zA-Z0-9] [a-zA-Z0-9-]* [a-zA-Z0-9]
 * </pre>
 *
 * <p>{@code type} and {@code action} are those of the token scope specification ({@code *} is
 * missing there, but registries ask for it), {@code name} is that of the image reference grammar of
 * Docker Distribution.
 */
final class ScopeGrammar {
  /** The greatest length of a resource name, in characters. */
  static final int MAX_NAME_LENGTH = 255;

  private ScopeGrammar() {}

  static boolean isType(String type) {
    int end = lowerEnd(type, 0);
    if (end == 0) {
      return false;
    }
    if (end == type.length()) {
      return true;
    }
    int classEnd = lowerEnd(type, end + 1);
    return type.charAt(end) == '('
        && classEnd > end + 1
        && classEnd == type.length() - 1
        && type.charAt(classEnd) == ')';
  }

  static boolean isAction(String action) {
    return action.equals(ResourceScope.ALL_ACTIONS)
        || (!action.isEmpty() && action.chars().allMatch(c -> c >= 'a' && c <= 'z'));
  }

  static boolean isName(String name) {
    if (name.length() > MAX_NAME_LENGTH) {
      return false;
    }
    int slash = name.indexOf('/');
    return isPath(name, 0) || (slash > 0 && isHostAndPort(name, slash) && isPath(name, slash + 1));
  }

  /** Whether all of {@code name} from {@code start} on is components that slashes join. */
  private static boolean isPath(String name, int start) {
    int at = start;
    while (true) {
      at = componentEnd(name, at);
      if (at < 0 || at == name.length()) {
        return at > 0;
      }
      if (name.charAt(at) != '/') {
        return false;
      }
      at++;
    }
  }

  /** Where the component that starts at {@code start} ends, or -1 if none starts there. */
  private static int componentEnd(String name, int start) {
    int at = start;
    while (true) {
      int end = lowerEnd(name, at);
      if (end == at) {
        return -1;
      }
      int next = separatorEnd(name, end);
      if (next == end) {
        return end;
      }
      at = next;
    }
  }

  private static int separatorEnd(String name, int start) {
    int at = start;
    if (at < name.length() && name.charAt(at) == '.') {
      return at + 1;
    }
    if (at < name.length() && name.charAt(at) == '_') {
      at++;
      return at < name.length() && name.charAt(at) == '_' ? at + 1 : at;
    }
    while (at < name.length() && name.charAt(at) == '-') {
      at++;
    }
    return at;
  }

  /** Whether the characters before {@code end} are a host with or without a port. */
  private static boolean isHostAndPort(String name, int end) {
    int hostEnd = name.charAt(0) == '[' ? ipv6End(name, end) : domainEnd(name, end);
    if (hostEnd <= 0 || hostEnd == end) {
      return hostEnd == end;
    }
    return name.charAt(hostEnd) == ':' && hostEnd + 1 < end && allDigits(name, hostEnd + 1, end);
  }

  private static int ipv6End(String name, int end) {
    int at = 1;
    while (at < end && (name.charAt(at) == ':' || isHexDigit(name.charAt(at)))) {
      at++;
    }
    return at > 1 && at < end && name.charAt(at) == ']' ? at + 1 : -1;
  }

  private static int domainEnd(String name, int end) {
    int at = 0;
    while (true) {
      int labelStart = at;
      while (at < end && (isAlphanumeric(name.charAt(at)) || name.charAt(at) == '-')) {
        at++;
      }
      if (at == labelStart || name.charAt(labelStart) == '-' || name.charAt(at - 1) == '-') {
        return -1;
      }
      if (at == end || name.charAt(at) != '.') {
        return at;
      }
      at++;
    }
  }

  private static boolean allDigits(String name, int start, int end) {
    for (int at = start; at < end; at++) {
      if (name.charAt(at) < '0' || name.charAt(at) > '9') {
        return false;
      }
    }
    return true;
  }

  private static int lowerEnd(String text, int start) {
    int at = start;
    while (at < text.length() && isLower(text.charAt(at))) {
      at++;
    }
    return at;
  }

  private static boolean isLower(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  }

  private static boolean isHexDigit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }

  private static boolean isAlphanumeric(char c) {
    return isLower(c) || (c >= 'A' && c <= 'Z');
  }
}
