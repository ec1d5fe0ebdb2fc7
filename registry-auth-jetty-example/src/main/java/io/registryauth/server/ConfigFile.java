// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server;

import static java.util.stream.Collectors.joining;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ImmutableSortedMap;
import java.io.StringReader;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * A YAML file with options of a command:
 *
 * <pre>
 * listen: 127.0.0.1:8080
 * public-namespaces: [library, base]
 * </pre>
 *
 * <p>Its values are the texts that stand there, as they would on the command line: YAML's own types
 * would make 192 of 0300 and a date of 2030-01-01. An empty one counts as absent. Immutable.
 */
final class ConfigFile {
  /** The command line without a file. */
  static final ConfigFile NONE = new ConfigFile("", ImmutableMap.of());

  private static final int MAX_BYTES = 64 * 1024;
  private static final int MAX_DEPTH = 8;
  private static final int MAX_NAME_LENGTH = 60;
  private static final int NEAR = 2;

  /** What options take that may have several, with commas between. */
  private static final ImmutableSet<String> LISTS = ImmutableSet.of("NAMES", "NETWORKS");

  private final String path;
  private final ImmutableMap<String, String> values;

  private ConfigFile(String path, ImmutableMap<String, String> values) {
    this.path = path;
    this.values = values;
  }

  /**
   * Reads a file.
   *
   * @param command whose options it may have, all but those without a variable and this one's own
   * @throws IllegalArgumentException if it cannot be read, or has anything else; the message says
   *     what is valid
   */
  static ConfigFile read(String path, CommandSpec command) {
    ImmutableSortedMap<String, OptionSpec> options = options(command);
    Map<String, String> values = new HashMap<>();
    for (NodeTuple entry : entries(OptionValues.contents(path, MAX_BYTES, "YAML"))) {
      String name = name(entry.getKeyNode());
      @Nullable OptionSpec option = options.get(name);
      if (option == null) {
        throw new IllegalArgumentException(
            "there is no \"%s\"%s; %s"
                .formatted(shown(name), at(entry.getKeyNode()), valid(name, options.keySet())));
      }
      String value = value(name, option, entry.getValueNode());
      if (values.put(name, value) != null) {
        throw new IllegalArgumentException(
            "\"%s\"%s is there a second time".formatted(name, at(entry.getKeyNode())));
      }
    }
    return new ConfigFile(path, ImmutableMap.copyOf(values));
  }

  /** Returns what may stand in a file, by name. */
  static ImmutableSortedMap<String, OptionSpec> options(CommandSpec command) {
    return command.options().stream()
        .filter(option -> Variables.nameOf(option).isPresent())
        .filter(option -> !option.longestName().equals("--config"))
        .collect(
            ImmutableSortedMap.toImmutableSortedMap(String::compareTo, ConfigFile::name, o -> o));
  }

  private static String name(OptionSpec option) {
    return option.longestName().substring("--".length());
  }

  private static Iterable<NodeTuple> entries(String text) {
    LoaderOptions limits = new LoaderOptions();
    limits.setCodePointLimit(MAX_BYTES);
    limits.setNestingDepthLimit(MAX_DEPTH);
    limits.setMaxAliasesForCollections(0);
    @Nullable Node root;
    try {
      root = new Yaml(new SafeConstructor(limits)).compose(new StringReader(text));
    } catch (MarkedYAMLException e) {
      throw new IllegalArgumentException(
          "it is no valid YAML in line %d: %s".formatted(line(e.getProblemMark()), e.getProblem()),
          e);
    } catch (YAMLException e) {
      throw new IllegalArgumentException("it is no valid YAML: " + e.getMessage(), e);
    }
    if (root == null) {
      return ImmutableSet.of(); // nothing but comments
    }
    if (root instanceof MappingNode mapping) {
      return mapping.getValue();
    }
    throw new IllegalArgumentException("valid is a YAML mapping, with lines such as issuer: NAME");
  }

  private static String name(Node key) {
    if (key instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw new IllegalArgumentException("a name" + at(key) + " is no text");
  }

  private static String value(String name, OptionSpec option, Node node) {
    boolean list = LISTS.contains(option.paramLabel());
    String value;
    if (list && node instanceof SequenceNode items) {
      value = items.getValue().stream().map(item -> text(name, item)).collect(joining(","));
    } else {
      value = text(name, node);
    }
    if (option.typeInfo().isBoolean() && !value.matches("(?i)true|false|")) {
      throw new IllegalArgumentException(
          "\"%s\"%s is \"%s\"; valid are true and false".formatted(name, at(node), shown(value)));
    }
    return value;
  }

  private static String text(String name, Node node) {
    // What has an anchor could be repeated until the values fill the memory.
    if (node instanceof ScalarNode scalar && scalar.getAnchor() == null) {
      return Tag.NULL.equals(scalar.getTag()) ? "" : scalar.getValue();
    }
    throw new IllegalArgumentException(
        "\"%s\"%s has parts or an anchor; valid is a text, or a list of texts where the option takes several"
            .formatted(name, at(node)));
  }

  private static String at(Node node) {
    return " in line " + line(node.getStartMark());
  }

  private static int line(Mark mark) {
    return mark.getLine() + 1;
  }

  private static String shown(String text) {
    return text.length() <= MAX_NAME_LENGTH ? text : text.substring(0, MAX_NAME_LENGTH) + "...";
  }

  private static String valid(String name, ImmutableSet<String> names) {
    return names.stream()
        .filter(candidate -> distance(shown(name), candidate) <= NEAR)
        .min(Comparator.comparing(candidate -> distance(name, candidate)))
        .map(near -> "did you mean \"" + near + "\"?")
        .orElse("valid are " + String.join(", ", names));
  }

  /** Returns how many letters must be put in, taken out or changed (Levenshtein). */
  private static int distance(String from, String to) {
    int[] row = IntStream.rangeClosed(0, to.length()).toArray();
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int changed = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[to.length()];
  }

  /** Returns what the file says of an option, if anything. */
  Optional<String> value(ArgSpec option) {
    return option instanceof OptionSpec named
        ? Optional.ofNullable(values.get(name(named))).filter(value -> !value.isEmpty())
        : Optional.empty();
  }

  /** Returns an option's name as the file has it. */
  String named(OptionSpec option) {
    return name(option) + " in " + path;
  }
}
