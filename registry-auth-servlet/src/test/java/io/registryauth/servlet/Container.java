// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import jakarta.servlet.Servlet;
import java.util.Map;

/** A real servlet container on a free loopback port. */
interface Container {
  /** Starts with servlets by path, each with its init parameters. */
  int start(Map<String, Mounted> servlets) throws Exception;

  void stop() throws Exception;

  /** A servlet and the init parameters that web.xml would give it. */
  record Mounted(Servlet servlet, Map<String, String> initParameters) {
    static Mounted of(Servlet servlet) {
      return new Mounted(servlet, Map.of());
    }
  }
}
