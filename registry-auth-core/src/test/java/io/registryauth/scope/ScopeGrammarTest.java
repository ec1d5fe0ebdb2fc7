// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.scope;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScopeGrammarTest {
  @ParameterizedTest
  @ValueSource(strings = {"repository", "registry", "a", "0", "9z", "repository(plugin)", "a(0)"})
  void isType_wellFormed_accepts(String type) {
    assertThat(ScopeGrammar.isType(type)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Repository",
        "repo-sitory",
        " repository",
        "repository ",
        "repository()",
        "repository(",
        "repository(plugin",
        "repository(plugin))",
        "repository(plugin)x",
        "repository((plugin)",
        "repository(Plugin)",
        "repository[plugin]",
        "repository[plugin)",
        "repository(plugin]",
        "repository*",
        "(plugin)",
        "\uff41", // a full-width a
        "\u0661" // an Arabic digit one
      })
  void isType_malformed_refuses(String type) {
    assertThat(ScopeGrammar.isType(type)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pull", "push", "delete", "a", "z", "fly", "*"})
  void isAction_wellFormed_accepts(String action) {
    assertThat(ScopeGrammar.isAction(action)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "PULL", "pull1", "pu-ll", "**", "pull*", " pull", "{", "`", "\u00e9"})
  void isAction_malformed_refuses(String action) {
    assertThat(ScopeGrammar.isAction(action)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "alpine",
        "0",
        "az09/z9a0",
        "test-build/myapp",
        "test-build/team/myapp",
        "a.b/c",
        "a_b/c",
        "a__b/c",
        "a-b/c",
        "a----b/c",
        "a/b.c_d__e-f---g",
        "docker.io/a/b",
        "localhost/a",
        "host:5000/a",
        "host:5000/a/b",
        "A/b",
        "HOST/a",
        "Z0.A9/a",
        "Reg.Example-1.com:443/a/b",
        "127.0.0.1:5000/a",
        "h:09/a",
        "[::1]/a",
        "[::1]:5000/a/b",
        "[2001:DB8::fF]:5000/a",
        "[09afAF]/a"
      })
  void isName_wellFormed_accepts(String name) {
    assertThat(ScopeGrammar.isName(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "a/",
        "/a",
        "a//b",
        ".",
        "..",
        "../x",
        "a/../b",
        "a/./b",
        "a/..",
        "a..b/c",
        "a.-b/c",
        "a-.b/c",
        "a___b/c",
        "a_/b",
        "a_",
        "a__",
        "a.",
        "a-",
        "-a/b",
        "a/-b",
        "a/B",
        "TEAM",
        "a b",
        "a/b ",
        "a/b:tag",
        "a/b@sha256",
        "host:/a",
        "host:5000",
        "host:5000/",
        "host:5000/A",
        "host:50a0/a",
        "host:-1/a",
        "host:/5/a",
        "host::5000/a",
        ":5000/a",
        "-host:5000/a",
        "host-:5000/a",
        "host.:5000/a",
        "host..x:5000/a",
        ".host:5000/a",
        "host_x:5000/a",
        "host:5000/a:1/b",
        "[]/a",
        "[/a",
        "[::1/a",
        "[::1]5000/a",
        "[::1]:/a",
        "[::1]x/a",
        "[::1]]/a",
        "[::g]/a",
        "[fe80::1%eth0]/a",
        "[::1]",
        "::1/a",
        "a/[::1]",
        "a\\b/c",
        "a/b%2fc",
        "a/b?c",
        "a/b\u0000",
        "a/b\r\nx",
        "\u0430/b" // a Cyrillic a
      })
  void isName_malformed_refuses(String name) {
    assertThat(ScopeGrammar.isName(name)).isFalse();
  }

  @Test
  void isName_atMost255Characters_accepts() {
    assertThat(ScopeGrammar.isName("a/" + "b".repeat(253))).isTrue();
    assertThat(ScopeGrammar.isName("a/" + "b".repeat(254))).isFalse();
    assertThat(ScopeGrammar.isName("host:5000/" + "b".repeat(245))).isTrue();
    assertThat(ScopeGrammar.isName("host:5000/" + "b".repeat(246))).isFalse();
  }

  @Test
  void isName_attackOnBacktracking_isAnsweredAtOnce() {
    String almostValid = "a-".repeat(120) + "a--/!";
    assertThat(ScopeGrammar.isName(almostValid)).isFalse();
  }
}
