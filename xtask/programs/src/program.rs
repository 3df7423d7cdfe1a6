//! What has to be run to have a server.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use nix::sched::CpuSet;

use crate::callgrind::Callgrind;
use crate::strace::Strace;

/// A server that can be started, any number of times.
#[derive(Clone, Debug)]
pub struct Program {
    name: String,
    /// The program to run and its arguments, up to where the address belongs.
    command: Vec<OsString>,
    address: AddressForm,
    cpus: Option<CpuSet>,
}

#[derive(Clone, Copy, Debug)]
enum AddressForm {
    /// `127.0.0.1:8888`
    Joined,
    /// `127.0.0.1 8888`
    Apart,
}

impl Program {
    /// A program that takes its address as one argument.
    pub fn new(name: &str, executable: &Path) -> Self {
        Self {
            name: name.to_owned(),
            command: vec![executable.into()],
            address: AddressForm::Joined,
            cpus: None,
        }
    }

    /// A Python script, which takes its address as two arguments.
    pub fn python(name: &str, script: &Path) -> Self {
        Self {
            command: vec!["python3".into(), script.into()],
            address: AddressForm::Apart,
            ..Self::new(name, script)
        }
    }

    /// Adds arguments before the address.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        self.command.extend(args);
        self
    }

    /// Has the program run on some of the CPUs only.
    #[must_use]
    pub fn on_cpus(mut self, cpus: CpuSet) -> Self {
        self.cpus = Some(cpus);
        self
    }

    /// Has the program's system calls written down.
    #[must_use]
    pub fn traced_by(mut self, strace: &Strace) -> Self {
        self.command = strace.command().chain(self.command).collect();
        self
    }

    /// Has the program's instructions counted.
    #[must_use]
    pub fn counted_by(mut self, callgrind: &Callgrind) -> Self {
        self.command = callgrind.command().chain(self.command).collect();
        self
    }

    /// Whether an interpreter runs the program.
    pub fn is_script(&self) -> bool {
        matches!(self.address, AddressForm::Apart)
    }

    /// What the server is called in tables and messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn cpus(&self) -> Option<&CpuSet> {
        self.cpus.as_ref()
    }

    pub(crate) fn command_line(&self, port: u16) -> Vec<OsString> {
        let mut command = self.command.clone();
        match self.address {
            AddressForm::Joined => command.push(format!("127.0.0.1:{port}").into()),
            AddressForm::Apart => command.extend(["127.0.0.1".into(), port.to_string().into()]),
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_gets_its_address_in_its_own_form() {
        let day = Program::new("day 1", Path::new("/t/day01")).args(["--prefix", ""]);
        assert_eq!(
            day.command_line(80),
            ["/t/day01", "--prefix", "", "127.0.0.1:80"]
        );
        let sample = Program::python("sample", Path::new("/s.py"));
        assert_eq!(
            sample.command_line(80),
            ["python3", "/s.py", "127.0.0.1", "80"]
        );
    }
}
