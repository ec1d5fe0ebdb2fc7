// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What a server's {@code /metrics} show, in Prometheus's text format. */
record Scrape(String text, List<Sample> samples) {
  private static final Pattern LINE =
      Pattern.compile("([a-z_]+)(?:\\{(.*)})? (\\S+)", Pattern.DOTALL);
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\",?");

  record Sample(String name, Map<String, String> labels, double value) {
    String label(String label) {
      return labels.getOrDefault(label, "");
    }
  }

  static Scrape of(TokenServer server) throws IOException, InterruptedException {
    HttpResponse<String> response =
        Http.send("GET", server.management().resolve("/metrics"), "Accept", "text/plain");
    assertThat(response.statusCode()).isEqualTo(200);
    return new Scrape(
        response.body(),
        response.body().lines().filter(line -> !line.startsWith("#")).map(Scrape::sample).toList());
  }

  private static Sample sample(String line) {
    Matcher matcher = LINE.matcher(line);
    assertThat(matcher.matches()).as(line).isTrue();
    Map<String, String> labels = new LinkedHashMap<>();
    Matcher label = LABEL.matcher(matcher.group(2) == null ? "" : matcher.group(2));
    while (label.find()) {
      labels.put(label.group(1), label.group(2));
    }
    return new Sample(matcher.group(1), labels, Double.parseDouble(matcher.group(3)));
  }

  List<Sample> samples(String name) {
    return samples.stream().filter(sample -> sample.name().equals(name)).toList();
  }

  /**
   * Returns the value of the one sample of this name and these labels, names and values in turn.
   */
  double value(String name, String... labels) {
    List<Sample> found =
        samples(name).stream()
            .filter(
                sample -> {
                  for (int i = 0; i < labels.length; i += 2) {
                    if (!labels[i + 1].equals(sample.label(labels[i]))) {
                      return false;
                    }
                  }
                  return true;
                })
            .toList();
    assertThat(found).as(name + " " + String.join(" ", labels)).hasSize(1);
    return found.get(0).value();
  }

  /** Returns each sample's name and labels, of our own metrics. */
  Set<String> ownSeries() {
    return samples.stream()
        .filter(sample -> sample.name().startsWith("registry_auth_"))
        .map(sample -> sample.name() + sample.labels())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Returns the names of our own metrics, as their documentation has them. */
  Set<String> ownNames() {
    return text.lines()
        .filter(line -> line.startsWith("# TYPE registry_auth_"))
        .map(line -> line.split(" ", -1)[2])
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
