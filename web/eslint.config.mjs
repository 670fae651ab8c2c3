/**
 * ESLint for web/ and tests/loader/, run in the root of the repository:
 *
 *     node web/node_modules/eslint/bin/eslint.js --config web/eslint.config.mjs --max-warnings 0 web tests/loader
 */
import { defineConfig } from "eslint/config";
import { importX } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

const root = process.cwd();

/** The rooms of the loader. Each imports only itself and the ones before it. */
const ROOMS = ["api", "fetch", "images", "tasks", "backends", "worker", "load"];

const oneDirection = ROOMS.map((room, index) => ({
  target: `web/loader/${room}`,
  from: [...ROOMS.slice(index + 1), "torch2web.ts", "main.ts"].map((path) => `web/loader/${path}`),
  message: `Rooms import in one direction: ${ROOMS.join(", ")}.`,
}));

/** Pages use the loader as any other page does. */
const throughTheSurface = {
  target: ["web/element", "web/page", "web/verify", "web/offline"],
  from: "web/loader",
  except: ["torch2web.ts", "pinned.ts", "add_preloads.ts"],
  message: "Import from loader/torch2web.ts.",
};

const loaderAlone = {
  target: "web/loader",
  from: ["web/element", "web/page", "web/verify", "web/offline"],
  message: "The loader imports nothing of the pages.",
};

export default defineConfig(
  {
    ignores: [
      "**/*.js",
      "**/*.mjs",
      // Has lines that must not compile. tests/loader/test_typescript.py compiles it against the built types.
      "tests/loader/consumer.ts",
      "tests/loader/consumer_element.ts",
      "tests/loader/npm/*.ts",
    ],
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { "import-x": importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    settings: {
      "import-x/extensions": [".ts"],
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
    },
    rules: {
      "import-x/no-cycle": "error",
      "import-x/no-restricted-paths": [
        "error",
        { basePath: root, zones: [...oneDirection, throughTheSurface, loaderAlone] },
      ],
      // `catch(() => {})` says that a failure does not matter, and a comment why.
      "@typescript-eslint/no-empty-function": ["error", { allow: ["arrowFunctions", "methods"] }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // With noUncheckedIndexedAccess every array access would need a check, in loops over pixels and weights too.
      "@typescript-eslint/no-non-null-assertion": "off",
      // 0 and "" get the default too.
      "@typescript-eslint/prefer-nullish-coalescing": [
        "error",
        { ignorePrimitives: { number: true, string: true } },
      ],
      // `reject(signal.reason)`: the reason of an abort is the page's own value.
      "@typescript-eslint/prefer-promise-reject-errors": ["error", { allowThrowingAny: true }],
      // `async` without `await` turns exceptions into rejections, as an interface of promises requires.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // `const { omitted, ...rest } = options`
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
    },
  },
  {
    files: ["tests/loader/*.ts"],
    rules: {
      // The runner of node:test awaits its tests.
      "@typescript-eslint/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", name: "test", package: "node:test" }] },
      ],
    },
  },
);
