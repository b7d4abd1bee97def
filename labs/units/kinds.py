"""Atoms of UCUM that stand for themselves: no factor of any table leads from them to another atom.

Written by hand; ``tests/labs/units/test_kinds.py`` holds them against UCUM's own table (ucum-essence.xml).
"""

# Defined by a procedure or a reference preparation: [IU] of one substance is no mass, and no [IU] of another one.
_ARBITRARY = (
    "[hp_X] [hp_C] [hp_M] [hp_Q] [kp_X] [kp_C] [kp_M] [kp_Q] [IU] [arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U] [beth'U] "
    "[anti'Xa'U] [todd'U] [dye'U] [smgy'U] [bdsk'U] [ka'U] [knk'U] [mclg'U] [tb'U] [CCID_50] [TCID_50] [EID_50] [PFU] "
    "[FFU] [CFU] [IR] [BAU] [AU] [Amb'a'1'U] [PNU] [Lf] [D'ag'U] [FEU] [ELU] [EU]"
)
# A scale with an offset or a logarithm: no factor converts it.
_SPECIAL = (
    "Cel [degF] [degRe] [p'diop] %[slope] [hp'_X] [hp'_C] [hp'_M] [hp'_Q] [pH] Np B B[SPL] B[V] B[mV] B[uV] B[10.nV] "
    "B[W] B[kW] [m/s2/Hz^(1/2)] bit_s"
)
# An amount of charge or of particles: the valence or the dissociation would have to be known. UCUM takes both for mol.
OF_PARTICLES = frozenset({"eq", "osm"})
# ucumvert 0.3.2 gives these another size than UCUM's table does, or pint counts them in a dimension of its own:
# `[LPF]` is 1 there instead of 100. A field of view is no number either, whatever its magnification.
_OTHERWISE_IN_PINT = (
    "[pi] Bq gon deg ' '' a_t mo_s u AU pc [eps_0] [mu_0] Mx G Oe Gb Lmb Ci [cft_i] [cyd_i] [cml_i] [in_br] [ft_br] "
    "[rd_br] [ch_br] [lk_br] [fth_br] [pc_br] [yd_br] [mi_br] [nmi_br] [kn_br] [acr_br] [pnt_pr] [pca_pr] [didot] "
    "[cicero] cal_[15] [Cal] [Btu_th] [Btu] [in_i'H2O] [in_i'Hg] [PRU] [wood'U] [LPF] [HPF] circ sph "
    "bit By Bd"
)
# Two that laboratories use differ as well; here they have the definition of UCUM's table.
AS_UCUM_SAYS = {"g%": ("1", "g/dL"), "m[Hg]": ("133.3220", "kPa")}
ARBITRARY = frozenset(_ARBITRARY.split())
SPECIAL = frozenset(_SPECIAL.split())
FOR_THEMSELVES = ARBITRARY | SPECIAL | OF_PARTICLES | frozenset(_OTHERWISE_IN_PINT.split())
SAME_ATOM = {"[iU]": "[IU]"}
# Annotations that name what is counted: `{cells}/uL` is a number per volume. Every other one, such as `{CU}` or the
# `{FEU}` of `ug{FEU}/mL`, says that the unit is its own.
COUNTED = frozenset({"{cells}", "{cell}", "{copies}", "{copy}", "{events}", "{event}", "{particles}"})
