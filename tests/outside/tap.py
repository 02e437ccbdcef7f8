"""The Singer tap for Close, as it is published, told another base URL: it has no setting for one."""

import sys

import tap_closeio
import tap_closeio.http

tap_closeio.http.BASE_URL = sys.argv.pop(1)
tap_closeio.main()
