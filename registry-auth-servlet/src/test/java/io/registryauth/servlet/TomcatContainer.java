// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.startup.Tomcat;

/** Tomcat 11. */
final class TomcatContainer implements Container {
  private final Tomcat tomcat = new Tomcat();

  TomcatContainer(Path directory) {
    tomcat.setBaseDir(directory.toString());
  }

  @Override
  public int start(Map<String, Mounted> servlets) throws Exception {
    tomcat.setPort(0);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    tomcat.getConnector().setProperty("maxHttpRequestHeaderSize", "32768");
    // What is left of a body that the servlet has given up would be read to its end.
    tomcat.getConnector().setProperty("maxSwallowSize", "0");
    Context context = tomcat.addContext("", null);
    List<Wrapper> wrappers = new ArrayList<>();
    servlets.forEach(
        (path, mounted) -> {
          Wrapper wrapper = Tomcat.addServlet(context, path, mounted.servlet());
          mounted.initParameters().forEach(wrapper::addInitParameter);
          wrapper.addMapping(path);
          wrappers.add(wrapper);
        });
    tomcat.start();
    for (Wrapper wrapper : wrappers) {
      wrapper.load(); // at start, Tomcat would only log a failure
    }
    return tomcat.getConnector().getLocalPort();
  }

  @Override
  public void stop() throws Exception {
    tomcat.stop();
    tomcat.destroy();
  }
}
