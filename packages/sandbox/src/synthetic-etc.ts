/**
 * The files of `/etc` that would tell who and where we are, as the sandboxed process sees them. Without resolv.conf some tools wait
 * for seconds; without passwd `whoami`, `git` and `ssh` complain.
 */
export const SYNTHETIC_ETC: readonly { readonly path: string; readonly text: string }[] = [
  {
    path: "/etc/passwd",
    text: "root:x:0:0:root:/:/bin/sh\ncto:x:1000:1000:cto:/home/cto:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
  },
  { path: "/etc/group", text: "root:x:0:\ncto:x:1000:\nnogroup:x:65534:\n" },
  { path: "/etc/hosts", text: "127.0.0.1 localhost cto\n::1 localhost cto\n" },
  { path: "/etc/resolv.conf", text: "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n" },
  {
    path: "/etc/nsswitch.conf",
    text: "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\nnetworks: files\n",
  },
];
