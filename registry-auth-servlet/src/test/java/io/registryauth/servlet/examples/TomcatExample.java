// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet.examples;

import io.registryauth.TokenService;
import io.registryauth.servlet.TokenServlet;
import java.nio.file.Path;
import org.apache.catalina.startup.Tomcat;

/** The servlet in Tomcat. */
final class TomcatExample {
  private TomcatExample() {}

  static Tomcat start(TokenService tokens, Path directory, int port) throws Exception {
    // [start]
    var tomcat = new Tomcat();
    tomcat.setBaseDir(directory.toString());
    tomcat.setPort(port);
    tomcat.getConnector().setProperty("address", "localhost");
    var context = tomcat.addContext("", null);
    Tomcat.addServlet(context, "tokens", new TokenServlet(tokens)).addMapping("/auth");
    tomcat.start();
    // [end]
    return tomcat;
  }
}
