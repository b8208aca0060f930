/**
 * The images that the installer of each release pulls. An entry states only the differences to the entry above it.
 *
 * To add a release, put an entry at the end, run `gitpod-installer mirror list` of that release, and state the additions and
 * changes of its list. The installer's sources name the images in these places:
 * components — `helm-component` in components/*\/BUILD.yaml;
 * code — install/installer/pkg/components/workspace/ide/constants.go;
 * third party — constants in install/installer/pkg/components/*, and the default tags of the charts in third_party/charts.
 */
export interface ReleaseChanges {
  readonly release: string
  /**
   * Key below `components` of the versions manifest (without `.version`) → repository below `eu.gcr.io/gitpod-core-dev/build`.
   * Null takes a key away that is no longer rendered. Keys that no release renders (`dbSync`, `paymentEndpoint`, `integrationTest`, `kots-config-check.*`) are left out.
   */
  readonly components?: Readonly<Record<string, string | ConditionalComponent | null>>
  /** Repository below `eu.gcr.io/gitpod-core-dev/build` → its moving tag, which is not in the versions manifest. */
  readonly moving?: Readonly<Record<string, string>>
  /** Commit of the stable `ide/code`: a constant of the installer, not in the versions manifest. */
  readonly code: string
  /** Third-party image → its tags. */
  readonly thirdParty?: Readonly<Record<string, readonly string[]>>
  /** Third-party image with its tag → the setting that makes the installer render it. `mirror list` has it only with this setting. */
  readonly conditional?: Readonly<Record<string, string>>
  /** With `dropImageRepo`, images of the bitnami charts keep their path while all others lose it. */
  readonly chartsKeepPath?: boolean
}

/** A component that only some installations render, and that `mirror list` has only for their configurations. */
export interface ConditionalComponent {
  readonly repository: string
  /** the setting that makes the installer render the component */
  readonly when: string
}

const only = (when: string, repository: string): ConditionalComponent => ({ when, repository })
const SLOW_DATABASE = 'experimental.webapp.slowDatabase'
const STATIC_IDES = 'experimental.ide.resolveLatest: false'

export const RELEASE_CHANGES: readonly ReleaseChanges[] = [
  {
    release: '2022.05.2',
    components: {
      agentSmith: 'agent-smith',
      blobserve: 'blobserve',
      caUpdater: 'ca-updater',
      contentService: 'content-service',
      dashboard: 'dashboard',
      dbMigrations: 'db-migrations',
      ideProxy: 'ide-proxy',
      imageBuilderMk3: 'image-builder-mk3',
      'imageBuilderMk3.builderImage': 'image-builder-mk3/bob',
      installationTelemetry: 'installation-telemetry',
      openVsxProxy: 'openvsx-proxy',
      proxy: 'proxy',
      'public-api-server': only('experimental.webapp.publicApi', 'public-api-server'),
      registryFacade: 'registry-facade',
      server: 'server',
      serviceWaiter: 'service-waiter',
      usage: only('experimental.webapp.usage', 'usage'),
      'workspace.codeImage': only(STATIC_IDES, 'ide/code'),
      'workspace.desktopIdeImages.codeDesktop': 'ide/code-desktop',
      'workspace.desktopIdeImages.codeDesktopInsiders': 'ide/code-desktop-insiders',
      'workspace.desktopIdeImages.goland': 'ide/goland',
      'workspace.desktopIdeImages.golandLatest': only(STATIC_IDES, 'ide/goland'),
      'workspace.desktopIdeImages.intellij': 'ide/intellij',
      'workspace.desktopIdeImages.intellijLatest': only(STATIC_IDES, 'ide/intellij'),
      'workspace.desktopIdeImages.phpstorm': 'ide/phpstorm',
      'workspace.desktopIdeImages.phpstormLatest': only(STATIC_IDES, 'ide/phpstorm'),
      'workspace.desktopIdeImages.pycharm': 'ide/pycharm',
      'workspace.desktopIdeImages.pycharmLatest': only(STATIC_IDES, 'ide/pycharm'),
      'workspace.dockerUp': 'docker-up',
      'workspace.supervisor': 'supervisor',
      'workspace.workspacekit': 'workspacekit',
      wsDaemon: 'ws-daemon',
      'wsDaemon.userNamespaces.seccompProfileInstaller': 'seccomp-profile-installer',
      'wsDaemon.userNamespaces.shiftfsModuleLoader': only(
        'workspace.runtime.fsShiftMethod: shiftfs',
        'shiftfs-module-loader',
      ),
      wsManager: 'ws-manager',
      wsManagerBridge: 'ws-manager-bridge',
      wsProxy: 'ws-proxy',
    },
    moving: {
      'ide/code': 'nightly',
      'ide/goland': 'latest',
      'ide/intellij': 'latest',
      'ide/phpstorm': 'latest',
      'ide/pycharm': 'latest',
    },
    code: '80d9b1ebfd826fd0db25320ba94d762b51887ada',
    thirdParty: {
      'b.gcr.io/cloudsql-docker/gce-proxy': ['1.11'],
      'docker.io/bitnami/bitnami-shell': ['10-debian-10-r431'],
      'docker.io/bitnami/minio': ['2022.5.26-debian-10-r0'],
      'docker.io/bitnami/mysql': ['5.7.34-debian-10-r55'],
      'docker.io/bitnami/rabbitmq': ['3.10.2-debian-10-r7'],
      'docker.io/gitpod/workspace-full': ['latest'],
      'docker.io/library/alpine': ['3.15'],
      'docker.io/library/mysql': ['5.7.34'],
      'docker.io/library/redis': ['6.2'],
      'docker.io/library/registry': ['2.7.1'],
      'docker.io/library/ubuntu': ['20.04'],
      'quay.io/brancz/kube-rbac-proxy': ['v0.11.0'],
    },
  },
  {
    release: '2022.08.0',
    components: { ideMetrics: 'ide-metrics' },
    code: 'c47714bb26bbdbf55f0abdd7560a7ef14f92a742',
    thirdParty: {
      // The second tag is the gateway to Azure storage.
      'docker.io/bitnami/minio': ['2022.5.26-debian-10-r0', '2022.4.29-debian-10-r0'],
      'docker.io/library/alpine': ['3.16'],
      'quay.io/brancz/kube-rbac-proxy': ['v0.12.0'],
    },
  },
  {
    release: '2022.09.2',
    components: {
      ideService: 'ide-service',
      'workspace.desktopIdeImages.jbBackendPlugin': 'ide/jb-backend-plugin',
      'workspace.desktopIdeImages.jbBackendPluginLatest': 'ide/jb-backend-plugin',
      // From this release on, `mirror list` renders with ShiftFS, too.
      'wsDaemon.userNamespaces.shiftfsModuleLoader': 'shiftfs-module-loader',
    },
    code: '97cff52e43760ad3ad96aa82d9fba934c5f53be8',
  },
  {
    release: '2022.10.2',
    components: {
      // The installer has the tag `latest` for them, whatever is set.
      'workspace.desktopIdeImages.golandLatest': null,
      'workspace.desktopIdeImages.intellijLatest': null,
      'workspace.desktopIdeImages.phpstormLatest': null,
      'workspace.desktopIdeImages.pycharmLatest': null,
      'workspace.desktopIdeImages.jbBackendPluginLatest': only(STATIC_IDES, 'ide/jb-backend-plugin'),
      'workspace.desktopIdeImages.rubymine': 'ide/rubymine',
      'workspace.desktopIdeImages.webstorm': 'ide/webstorm',
    },
    moving: {
      'ide/jb-backend-plugin': 'latest',
      'ide/rubymine': 'latest',
      'ide/webstorm': 'latest',
    },
    code: '96916c5a955b991a94b23aabe5cdbd9fd7881dba',
  },
  {
    release: '2022.11.1',
    components: {
      'public-api-server': 'public-api-server',
      'toxic-config': only(SLOW_DATABASE, 'toxic-config'),
      'workspace.desktopIdeImages.clion': 'ide/clion',
      'workspace.desktopIdeImages.rider': 'ide/rider',
    },
    moving: { 'ide/clion': 'latest', 'ide/rider': 'latest' },
    conditional: { 'ghcr.io/shopify/toxiproxy:2.5.0': SLOW_DATABASE },
    code: 'ca9338036dd429af37246cb3bfac8062591db66b',
  },
  {
    release: '2022.11.3',
    code: 'a65f065d070fcf91a9491e806d9fff26d962e873',
    thirdParty: {
      'docker.io/bitnami/bitnami-shell': ['11-debian-11-r60'],
      'docker.io/bitnami/minio': ['2022.12.12-debian-11-r0', '2022.4.29-debian-10-r0'],
      'docker.io/bitnami/rabbitmq': ['3.11.5-debian-11-r2'],
      'docker.io/library/registry': ['2.8.1'],
    },
    chartsKeepPath: true,
  },
]
