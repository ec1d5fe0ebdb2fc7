// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import io.registryauth.tenant.NamespaceName;
import java.util.regex.Pattern;

/**
 * A Secret or service account and its namespace. Its parts hold nothing that could change the path
 * of a call.
 *
 * @param namespace the namespace
 * @param name the name: a DNS name as RFC 1123 has it and Kubernetes demands it, of at most 253
 *     characters
 */
public record ObjectName(NamespaceName namespace, String name) {
  private static final int MAX_LENGTH = 253;
  private static final String LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
  private static final Pattern DNS_NAME = Pattern.compile(LABEL + "(\\." + LABEL + ")*");

  /**
   * Checks the name.
   *
   * @throws IllegalArgumentException if it is no DNS name
   */
  public ObjectName {
    if (!isDnsName(name)) {
      throw new IllegalArgumentException(
          "\""
              + name
              + "\" is not a name: valid are 1 to "
              + MAX_LENGTH
              + " of a-z, 0-9, - and ., with a-z or 0-9 at either end of each part between dots");
    }
  }

  /** Says whether a text is a DNS name as RFC 1123 has it, in lower case. */
  public static boolean isDnsName(String text) {
    return text.length() <= MAX_LENGTH && DNS_NAME.matcher(text).matches();
  }

  /**
   * Reads {@code NAMESPACE/NAME}.
   *
   * @throws IllegalArgumentException if it is anything else
   */
  public static ObjectName parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException("valid is NAMESPACE/NAME, such as registry/registry-auth");
    }
    return new ObjectName(new NamespaceName(text.substring(0, slash)), text.substring(slash + 1));
  }

  /** Returns {@code NAMESPACE/NAME}. */
  @Override
  public String toString() {
    return namespace + "/" + name;
  }
}
