// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.servlet;

import java.nio.file.Path;

class HttpServerSpecificationVectorsTest extends SpecificationVectors {
  @Override
  Container container(Path directory) {
    return new HttpServerContainer();
  }
}
