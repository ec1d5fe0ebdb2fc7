// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What was found, what could not be looked at, and what was.
 *
 * @param findings what is wrong; each once
 * @param notChecked what nobody looked at, with the reason
 * @param checked what was looked at
 */
public record Report(List<Finding> findings, List<NotChecked> notChecked, List<String> checked) {
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create();

  /** What does not print, or makes what follows look like something else. */
  private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]");

  /** Copies the lists. */
  public Report {
    findings = List.copyOf(findings);
    notChecked = List.copyOf(notChecked);
    checked = List.copyOf(checked);
  }

  /**
   * Something that could not be looked at.
   *
   * @param what it is
   * @param why, and where there is one, the command by which a person can see it
   */
  public record NotChecked(String what, String why) {}

  /** Returns it for people, with several lines. */
  public String text() {
    StringBuilder text = new StringBuilder();
    for (Finding finding : findings) {
      line(text, finding.id() + ": " + finding.problem());
      line(text, "  where: " + finding.where());
      line(text, "  fix:   " + finding.fix());
    }
    checked.forEach(what -> line(text, "checked: " + what));
    notChecked.forEach(each -> line(text, "not checked: " + each.what() + ": " + each.why()));
    line(
        text,
        findings.isEmpty()
            ? "nothing is wrong in what was checked"
            : findings.size() + (findings.size() == 1 ? " finding" : " findings"));
    return text.toString();
  }

  /** Part of it was written by others, and an administrator's terminal shows it. */
  private static void line(StringBuilder text, String line) {
    text.append(
            UNPRINTABLE
                .matcher(line)
                .replaceAll(match -> "\\\\u%04x".formatted(match.group().codePointAt(0))))
        .append('\n');
  }

  /** Returns it as a JSON object: {@code findings}, {@code not_checked} and {@code checked}. */
  public String json() {
    JsonArray problems = new JsonArray();
    for (Finding finding : findings) {
      JsonObject object = new JsonObject();
      object.addProperty("id", finding.id().toString());
      object.addProperty("problem", finding.problem());
      object.addProperty("where", finding.where());
      object.addProperty("fix", finding.fix());
      problems.add(object);
    }
    JsonArray left = new JsonArray();
    for (NotChecked each : notChecked) {
      JsonObject object = new JsonObject();
      object.addProperty("what", each.what());
      object.addProperty("why", each.why());
      left.add(object);
    }
    JsonObject report = new JsonObject();
    report.add("findings", problems);
    report.add("not_checked", left);
    report.add("checked", GSON.toJsonTree(checked));
    return GSON.toJson(report) + "\n";
  }
}
